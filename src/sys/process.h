// Processes: start one, wait for it, signal it without hitting a stranger that got its number.
// A pidfd stands for the process itself (pidfd_open(2)), so a reused pid is never signalled.
//
// Thread safety: free functions are thread safe; a Process is used by one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sys/fd.h"

namespace countersign::sys {

/// How a process ended.
struct ExitStatus {
    int code = 0;    ///< exit status, when signal is 0
    int signal = 0;  ///< the signal that ended it, or 0
    /// As shells say it: the status, or 128 + signal.
    [[nodiscard]] int shell_code() const { return signal == 0 ? code : 128 + signal; }
};

enum class Attachment {
    Child,    ///< in our session and process group; dies with the terminal as we do
    Detached  ///< a session of its own (a daemon); not waited for
};

struct SpawnOptions {
    std::vector<std::string> argv;  ///< argv[0] is a path; PATH is not searched
    /// "NAME=value" each; nullopt: ours.
    std::optional<std::vector<std::string>> environment;
    std::string directory;  ///< empty: ours
    /// Descriptors for 0, 1 and 2; -1: inherit ours (Child) or /dev/null (Detached). Not owned.
    int input = -1;
    int output = -1;
    int error = -1;
    Attachment attachment = Attachment::Child;
};

class Process {
public:
    Process(pid_t pid, Fd handle) : pid_(pid), handle_(std::move(handle)) {}
    [[nodiscard]] pid_t pid() const { return pid_; }
    /// Readable (poll) once the process has ended.
    [[nodiscard]] const Fd& handle() const { return handle_; }
    /// Waits for the end and reaps. InvalidArgument when it was reaped already.
    Result<ExitStatus> wait();
    /// nullopt: it still runs after `limit`.
    Result<std::optional<ExitStatus>> wait_for(Duration limit);
    /// Success as well when it has ended.
    Result<void> signal(int number) const;

private:
    pid_t pid_ = -1;
    Fd handle_;
};

/// Starts a program. NotFound, PermissionDenied and the like come from exec itself: a child that
/// could not start is reaped and reported here. Every other descriptor of ours stays with us.
Result<Process> spawn(const SpawnOptions& options);

/// Becomes argv[0] (a path; PATH is not searched) with our environment. Returns only on failure.
Error replace_program(const std::vector<std::string>& argv);
/// The same with `environment`, "NAME=value" each.
Error replace_program(const std::vector<std::string>& argv,
                      const std::vector<std::string>& environment);

/// A handle for a process that is not our child. NotFound when there is none.
Result<Fd> open_process(pid_t pid);
/// Signals through a handle. Success as well when the process has ended.
Result<void> signal_process(const Fd& handle, int number);
/// When the process started, in clock ticks since boot (field 22 of /proc/PID/stat): pid and start
/// time together name a process for ever. NotFound when there is none.
Result<std::uint64_t> start_time(pid_t pid);
/// Kills `pid` with SIGKILL if it still is the process that started at `started`; nothing
/// otherwise.
Result<void> kill_exactly(pid_t pid, std::uint64_t started);

/// Absolute path of this program's own file.
Result<std::string> own_executable();
/// An environment variable; nullopt when unset. Empty counts as set.
std::optional<std::string> environment(std::string_view name);
/// This process's environment, "NAME=value" each.
std::vector<std::string> whole_environment();
Result<std::string> current_directory();
std::string host_name();
/// Login name of the effective user, or the uid in digits when it has none.
std::string user_name();
uid_t user_id();
pid_t process_id();

/// Writes to closed peers answer EPIPE instead of ending the process. Call once in main.
void ignore_broken_pipes();
/// Group and others get nothing of what this process creates (umask 077).
void create_private_files();
/// Other processes of this user cannot read our memory or attach (PR_SET_DUMPABLE 0), and no core
/// file holds our secrets.
void forbid_inspection();

}  // namespace countersign::sys
