"""The order of a training step (OPT5).

`trace` puts acts on gradients into a graph, told by `gradients`, `clips`, `steps` and `losses`; `subjects` says whose
gradients an act is about, `unknown_code` what unseen code may have done, `calls_before` what calls do that are not
run once more. When a file has been run, `rounds`, `dropped`, `sharing`, `clipping` (`bounds`: what asks for it,
`options`: what the program refuses together) and `rebuilt` judge the graph, `again` steps that use gradients twice,
`lives` what functions do each time that they are called, `unreached` losses that give an optimizer nothing; `rarely`
knows what takes place in some rounds only. `closures` and `uncalled` judge single calls. `lightning` knows whose loop
it is (`lightning_steps`: which classes have one).
"""
