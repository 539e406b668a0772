"""Cases of ZMTP, tried with libzmq and with a peer by hand."""
