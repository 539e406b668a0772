"""The talk's pictures as running systems: each box is struck in turn, on every stack.

Trials are made beside all runs, because they take long. Each is a row of the document; the
report shows medians over trials. A survey that was interrupted goes on where it stopped.
"""
