# POSTs each line of hex from standard input, and prints each reply as one.

package require http

fconfigure stdout -buffering line
while {[gets stdin line] >= 0} {
    set token [http::geturl [lindex $argv 0] -method POST -query [binary decode hex $line] \
        -type application/octet-stream -binary 1]
    if {[http::ncode $token] != 200} {
        puts stderr [http::code $token]
        exit 1
    }
    puts [binary encode hex [http::data $token]]
    http::cleanup $token
}
