"""An echo server in a program that already runs, on each stack in three languages.

The program is a loop that does other work (``application.*``). Its author adds
``implementations/<stack>/embedded/echo.*``, which starts to serve at an address, returns
where it listens, and stops. Experiments over real sockets answer twelve questions about
each server. A stack is consistent if its programs give the same answer in every language.
"""
