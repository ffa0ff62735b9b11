#include "jail/call.h"

#include <fcntl.h>
#include <sys/syscall.h>

#include "base/limits.h"
#include "jail/memory.h"
#include "sys/environment_names.h"

namespace countersign::jail {
namespace {

Result<std::vector<std::string>> read_argv(Memory& memory, std::uint64_t address) {
    const auto pointers = TRY(memory.pointers(address, limits::kArgvWordsMax));
    std::vector<std::string> out;
    out.reserve(pointers.size());
    std::size_t left = limits::kArgvBytesMax;
    for (const std::uint64_t pointer : pointers) {
        std::string word = TRY(memory.string(pointer, left));
        left -= word.size();
        out.push_back(std::move(word));
    }
    return out;
}

Result<std::map<std::string, std::string>> read_environment(Memory& memory, std::uint64_t address) {
    const auto pointers = TRY(memory.pointers(address, limits::kArgvWordsMax));
    std::map<std::string, std::string> out;
    std::size_t left = limits::kArgvBytesMax;
    std::string room;
    for (const std::uint64_t pointer : pointers) {
        const std::string_view entry = TRY(memory.view(pointer, left, room));
        left -= entry.size();
        const std::size_t equals = entry.find('=');
        const std::string_view name = entry.substr(0, equals);
        if (equals == std::string_view::npos || !sys::matters(name)) {
            continue;
        }
        if (out.size() == limits::kEnvironmentEntriesMax) {
            return Error(ErrorCode::LimitExceeded, "too many environment entries matter");
        }
        // The first entry of a name is the one that getenv(3) finds; a second is a trick.
        if (!out.emplace(name, entry.substr(equals + 1)).second) {
            return Error(ErrorCode::InvalidArgument,
                         std::string(name) + " stands twice in the environment");
        }
    }
    return out;
}

}  // namespace

Result<Call> read_call(const seccomp_notif& notification) {
    const auto& data = notification.data;
    // execveat(dirfd, path, argv, envp, flags) has one argument before those of execve.
    const bool at = data.nr == SYS_execveat;
    const std::size_t first = at ? 1 : 0;
    Memory memory(static_cast<pid_t>(notification.pid));
    Call call;
    call.thread = static_cast<pid_t>(notification.pid);
    call.directory = at ? static_cast<int>(data.args[0]) : AT_FDCWD;
    call.flags = at ? static_cast<int>(data.args[4]) : 0;
    call.path = TRY(memory.string(data.args[first], limits::kPathBytesMax));
    call.argv = TRY(read_argv(memory, data.args[first + 1]));
    call.environment = TRY(read_environment(memory, data.args[first + 2]));
    return call;
}

}  // namespace countersign::jail
