"""No Middle: the same workloads on BSD sockets, HTTP and ZeroMQ, measured alike.

Words (one meaning each, in code, command line, files and axis labels):

stack      a way to communicate: a folder under ``implementations/``
variant    one way to write a stack's programs: ``minimal``, ``buffered``, ``lossless`` ...
workload   ``request_reply``, ``fan_out``, ``pipeline``: a contract with roles
role       one function of a workload: ``serve``, ``call``, ``publish`` ...
driver     the role that pulls the generated stream; every other role is a peer
cell       one program: stack x variant x workload x language = one file
case       a cell with its parameters: transport, size, placement, quantity ...
block      one pass over all cases in random order; the unit of statistics
trial      one case in one block: fresh processes, one value
run        all blocks of one ``make bench``: one folder under ``reports/data/``

The flow, in the order in which the data takes it:

plan -> schedule -> trial (hosts, processes) -> measure -> results -> stats
     -> charts -> report

``contract`` and ``workloads`` say what a cell is; ``check`` proves that it is one
before it may be timed; ``implementations/`` holds the cells and knows none of this.
"""

__version__ = "0.1.0"
