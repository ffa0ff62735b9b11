#include "sys/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace countersign::sys {

bool is_terminal(int descriptor) {
    return ::isatty(descriptor) == 1;
}

std::optional<TerminalSize> terminal_size(int descriptor) {
    winsize size{};
    if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
        return std::nullopt;
    }
    return TerminalSize{size.ws_col, size.ws_row};
}

Result<Fd> open_terminal() {
    Fd fd(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!fd) {
        return system_error("/dev/tty");
    }
    return fd;
}

}  // namespace countersign::sys
