"""From what was seen to observations, which the checks make diagnostics of.

`inquest` says when which judgement is due. About one parameter: `judge`, `suspects`, `unowned`, `causes`, `ties`,
`swapped`. About an optimizer: `births`, `rates`, `states`, `stepping`, `schedules`, `idle`; about weights that are put
back while it goes on: `undone`, `resets`. About the order of a round: `order`. About averages of models: `averages`,
`averaged`, `loops`.
"""
