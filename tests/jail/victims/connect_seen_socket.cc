// A Unix socket that is in sight but not the tree's: by its name, by a link to it, by /proc.
#include <fcntl.h>
#include <sys/un.h>

#include "net.h"

namespace {

bool reaches(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), std::min(path.size(), sizeof address.sun_path - 1));
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

int main(int, char** argv) {
    const std::string path = argv[1];
    if (::symlink(path.c_str(), "/tmp/link") != 0) {
        victim::broken("making a link");
    }
    const int handle = ::open(path.c_str(), O_PATH);
    if (handle < 0) {
        victim::broken("the socket is not in sight");
    }
    const std::string by_handle = "/proc/self/fd/" + std::to_string(handle);
    for (const std::string& way : {path, std::string("/tmp/link"), by_handle}) {
        if (reaches(way)) {
            victim::escaped(way.c_str());
        }
    }
    victim::prevented();
}
