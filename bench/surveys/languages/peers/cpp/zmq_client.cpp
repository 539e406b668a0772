// REQ: sends each line of hex from standard input, and prints each reply as one.

#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

#include <zmq.hpp>

int main(int, char **argv)
{
    zmq::context_t context;
    zmq::socket_t socket(context, zmq::socket_type::req);
    socket.connect(argv[1]);
    std::cout << std::hex << std::setfill('0');
    for (std::string line; std::getline(std::cin, line);) {
        std::vector<unsigned char> request;
        for (size_t i = 0; i < line.size(); i += 2)
            request.push_back(std::stoi(line.substr(i, 2), nullptr, 16));
        socket.send(zmq::buffer(request), zmq::send_flags::none);

        zmq::message_t reply;
        (void)socket.recv(reply, zmq::recv_flags::none);
        for (size_t i = 0; i < reply.size(); i++)
            std::cout << std::setw(2) << int(reply.data<unsigned char>()[i]);
        std::cout << std::endl;
    }
}
