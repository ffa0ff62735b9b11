#include "jail/pid_info.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/limits.h"
#include "sys/files.h"
#include "sys/process.h"

namespace countersign::jail {
namespace {

/// struct pidfd_info of include/uapi/linux/pidfd.h, first version; Debian 12 has no header for it.
struct KernelInfo {
    std::uint64_t mask = 0;
    std::uint64_t cgroup = 0;
    std::uint32_t pid = 0;
    std::uint32_t tgid = 0;
    std::uint32_t ppid = 0;
    std::array<std::uint32_t, 8> identities{};
    std::int32_t exit_code = 0;
};
static_assert(sizeof(KernelInfo) == 64);

constexpr std::uint64_t kInfoPid = 1U << 0;
constexpr std::uint64_t kInfoExit = 1U << 3;
constexpr unsigned long kGetInfo = _IOWR(0xFF, 11, KernelInfo);

pid_t number_after(const std::string& text, std::string_view label) {
    const std::size_t at = text.find(label);
    if (at == std::string::npos) {
        return 0;
    }
    const std::size_t begin = text.find_first_not_of(" \t", at + label.size());
    pid_t out = 0;
    if (begin != std::string::npos) {
        std::from_chars(text.data() + begin, text.data() + text.size(), out);
    }
    return out;
}

std::optional<PidInfo> from_proc(pid_t thread) {
    const auto status =
        sys::read_file("/proc/" + std::to_string(thread) + "/status", limits::kKeyFileBytesMax);
    if (!status.ok()) {
        return std::nullopt;
    }
    return PidInfo{number_after(status.value(), "\nTgid:"),
                   number_after(status.value(), "\nPPid:")};
}

}  // namespace

Result<sys::Fd> open_thread(pid_t thread) {
    auto process = sys::open_process(thread);
    if (process.ok()) {
        return process;
    }
    // PIDFD_THREAD (Linux 6.9) for a thread that does not lead its group.
    sys::Fd handle(static_cast<int>(::syscall(SYS_pidfd_open, thread, O_EXCL)));
    if (handle) {
        return handle;
    }
    const auto info = from_proc(thread);
    if (!info) {
        return Error(ErrorCode::NotFound, "the thread is gone");
    }
    return sys::open_process(info->process);
}

std::optional<PidInfo> pid_info(const sys::Fd& handle, pid_t thread) {
    KernelInfo info;
    info.mask = kInfoPid;
    if (::ioctl(handle.get(), kGetInfo, &info) == 0) {
        return PidInfo{static_cast<pid_t>(info.tgid), static_cast<pid_t>(info.ppid)};
    }
    if (errno == ESRCH) {
        return std::nullopt;
    }
    return from_proc(thread);
}

bool has_ended(const sys::Fd& handle) {
    pollfd entry{handle.get(), POLLIN, 0};
    return ::poll(&entry, 1, 0) > 0;
}

ExitKnown exit_status(const sys::Fd& handle, int& status) {
    KernelInfo info;
    // The kernel looks for the status first and then for the process: one that is reaped in between
    // gives ESRCH, and the next call finds the status.
    constexpr int kAttempts = 3;
    int failed = 0;
    int attempts = 0;
    do {
        info = {};
        info.mask = kInfoPid | kInfoExit;
        failed = ::ioctl(handle.get(), kGetInfo, &info);
    } while (failed != 0 && errno == ESRCH && ++attempts < kAttempts);
    if (failed != 0) {
        return ExitKnown::Never;
    }
    if ((info.mask & kInfoExit) == 0) {
        return ExitKnown::NotYet;
    }
    status = info.exit_code;
    return ExitKnown::Yes;
}

}  // namespace countersign::jail
