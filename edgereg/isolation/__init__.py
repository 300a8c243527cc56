"""`--isolate NAME`: a plugin in a process of its own, which may crash or hang without the others.

The process loads the plugin and its models, and does there what the runner does with a task: frames
go over by shared memory, predictions and marks come back.
"""
