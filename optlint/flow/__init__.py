"""The abstract interpreter: what source code does to iterators, tensors, modules and optimizers.

From the file to the events, each package with its own map:

- `analysis` runs one file from beginning to end, with the user's `settings`; start reading there.
- `life` decides what is run in which order: the module first, then the functions and classes that nobody called;
  `worth` leaves out methods that have nothing to do with training.
- `reading`: files become `ir`, the small language that is run; the only place that knows libcst.
- `files`: the other files of the project.
- `core`: values, states, and the machine.
- `python`: what the constructs and built-ins of Python do.
- `pytorch`: PyTorch and its neighbours as data.
- One package a family of rules: `iterators` (OPT1), `tensors` (OPT2), `groups` (OPT3), `belonging` (OPT4),
  `order` (OPT5), `rates` (OPT6).
- `events`: what checks are told; all that leaves this package.
- `frozen`: how all of them define what nobody changes.
"""
