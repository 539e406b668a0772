"""Cases of ZMTP, put to libzmq and to a peer by hand."""
