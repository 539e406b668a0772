"""No Middle: the same workloads on BSD sockets, HTTP and ZeroMQ, measured alike.

Words (one meaning each, in code, command line, files and axis labels):

stack      a way to communicate: a folder under ``implementations/``
variant    one way to write a stack's programs: ``minimal``, ``buffered``, ``lossless`` ...
workload   ``request_reply``, ``fan_out``, ``pipeline``: a contract with roles
site       where processes run: this machine, or a host with an agent
role       one function of a workload: ``serve``, ``call``, ``publish`` ...
driver     the role that pulls the generated stream; every other role is a peer
cell       one program: stack x variant x workload x language = one file
case       a cell with its parameters: transport, size, placement, quantity ...
block      one pass over all cases in random order; the unit of statistics
ensemble   the processes of several cases of a block, alive side by side
turn       one window of one case of an ensemble, while the others wait
round      one turn of each case of an ensemble, in random order
trial      one case measured in fresh processes, in turns or alone
run        all blocks of one ``make bench``: one folder under ``reports/data/``

The rooms, in the order of the flow of data:

hosts -> contract -> trial -> faults -> sites -> measure -> run -> analysis -> surveys ->
report

``selftest`` tests all of them with known effects, and ``cli`` joins them. Each room imports
only the rooms before it. ``implementations/`` holds the cells and imports nothing of this.
"""

__version__ = "0.1.0"
