#include "jail/tell.h"

#include <algorithm>
#include <array>
#include <linux/magic.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace countersign::jail {
namespace {

/// A pipe that is ready takes this much at once without blocking (PIPE_BUF).
constexpr std::size_t kTextBytesMax = 4096;
constexpr long kXfsMagic = 0x58465342;

/// Writing to a file of, say, procfs could act with our rights instead of the agent's.
constexpr std::array<long, 6> kOrdinaryFileSystems = {EXT4_SUPER_MAGIC,      kXfsMagic,
                                                      BTRFS_SUPER_MAGIC,     TMPFS_MAGIC,
                                                      OVERLAYFS_SUPER_MAGIC, F2FS_SUPER_MAGIC};

bool ordinary_file(int fd) {
    struct statfs status{};
    return ::fstatfs(fd, &status) == 0 &&
           std::find(kOrdinaryFileSystems.begin(), kOrdinaryFileSystems.end(),
                     static_cast<long>(status.f_type)) != kOrdinaryFileSystems.end();
}

bool ready(int fd) {
    pollfd entry{fd, POLLOUT, 0};
    return ::poll(&entry, 1, 0) == 1 && (entry.revents & POLLOUT) != 0;
}

}  // namespace

void tell(const sys::Fd& process, std::string_view text) {
    const sys::Fd fd(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), STDERR_FILENO, 0)));
    struct stat status{};
    if (!fd || ::fstat(fd.get(), &status) != 0) {
        return;
    }
    text = text.substr(0, kTextBytesMax);
    if (S_ISSOCK(status.st_mode)) {
        ::send(fd.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        return;
    }
    const bool usable = S_ISFIFO(status.st_mode) ||
                        (S_ISCHR(status.st_mode) && ::isatty(fd.get()) == 1) ||
                        (S_ISREG(status.st_mode) && ordinary_file(fd.get()));
    if (usable && ready(fd.get())) {
        [[maybe_unused]] const ssize_t written = ::write(fd.get(), text.data(), text.size());
    }
}

}  // namespace countersign::jail
