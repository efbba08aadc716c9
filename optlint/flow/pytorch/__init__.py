"""PyTorch and its neighbours as data: nothing here computes.

`torch_api` says what names do, `torch_layers` how many parameters layers and models have, `torch_tensors` what tensor
functions give, `torch_schedules` what makes schedulers.
"""
