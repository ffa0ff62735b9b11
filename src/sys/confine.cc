#include "sys/confine.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <linux/landlock.h>
#include <memory>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/fd.h"

namespace countersign::sys {
namespace {

// Debian 12's header ends at ABI 2; the numbers are the kernel's ABI
// (include/uapi/linux/landlock.h).
constexpr std::uint64_t kTruncate = 1ULL << 14;            // ABI 3
constexpr std::uint64_t kIoctlDevice = 1ULL << 15;         // ABI 5
constexpr std::uint64_t kScopeAbstractSocket = 1ULL << 0;  // ABI 6
constexpr std::uint64_t kScopeSignal = 1ULL << 1;          // ABI 6

/// struct landlock_ruleset_attr as of ABI 6; older kernels take its prefix.
struct RulesetAttributes {
    std::uint64_t files = 0;
    std::uint64_t network = 0;
    std::uint64_t scoped = 0;
};

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kExecute = kRead | LANDLOCK_ACCESS_FS_EXECUTE;
constexpr std::uint64_t kWrite1 = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                  LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                  LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                  LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                  LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
/// Rights that make sense on something that is not a directory.
constexpr std::uint64_t kFileRights = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                      LANDLOCK_ACCESS_FS_READ_FILE | kTruncate | kIoctlDevice;

/// Every file right that a kernel with this ABI can restrict.
std::uint64_t all_rights(int version) {
    std::uint64_t rights = kExecute | kWrite1;
    rights |= version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0;
    rights |= version >= 3 ? kTruncate : 0;
    rights |= version >= 5 ? kIoctlDevice : 0;
    return rights;
}

std::uint64_t rights_of(FileAccess::Use use, int version) {
    switch (use) {
        case FileAccess::Use::Read:
            return kRead;
        case FileAccess::Use::Execute:
            return kExecute;
        case FileAccess::Use::Write:
            return all_rights(version);
    }
    return 0;
}

/// 0 or an error number.
int add_rule(const Fd& ruleset, const FileAccess& access, int version) {
    const Fd path(::open(access.path.c_str(), O_PATH | O_CLOEXEC));
    if (!path) {
        return errno == ENOENT || errno == EACCES || errno == ENOTDIR ? 0 : errno;
    }
    struct stat status{};
    if (::fstat(path.get(), &status) != 0) {
        return errno;
    }
    landlock_path_beneath_attr rule{};
    rule.allowed_access = rights_of(access.use, version);
    if (!S_ISDIR(status.st_mode)) {
        rule.allowed_access &= kFileRights & all_rights(version);
    }
    rule.parent_fd = path.get();
    const long added =
        ::syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    return added == 0 ? 0 : errno;
}

/// struct landlock_ruleset_attr grew with the ABI; a kernel takes what it knows.
std::size_t attributes_size(int version) {
    const std::size_t fields = version >= 6 ? 3 : (version >= 4 ? 2 : 1);
    return fields * sizeof(std::uint64_t);
}

Result<void> drop_new_privileges() {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return system_error("setting no_new_privs");
    }
    return {};
}

struct ReleaseFilter {
    void operator()(void* context) const { ::seccomp_release(context); }
};

/// Calls that a server of ours never makes. execve ends the process: it is an attack, not a
/// mistake.
constexpr std::array kKilled = {SCMP_SYS(execve), SCMP_SYS(execveat)};
constexpr std::array kRefused = {SCMP_SYS(ptrace),
                                 SCMP_SYS(process_vm_writev),
                                 SCMP_SYS(bpf),
                                 SCMP_SYS(io_uring_setup),
                                 SCMP_SYS(io_uring_enter),
                                 SCMP_SYS(io_uring_register),
                                 SCMP_SYS(userfaultfd),
                                 SCMP_SYS(perf_event_open),
                                 SCMP_SYS(init_module),
                                 SCMP_SYS(finit_module),
                                 SCMP_SYS(delete_module),
                                 SCMP_SYS(kexec_load),
                                 SCMP_SYS(kexec_file_load),
                                 SCMP_SYS(mount),
                                 SCMP_SYS(umount2),
                                 SCMP_SYS(pivot_root),
                                 SCMP_SYS(keyctl),
                                 SCMP_SYS(add_key),
                                 SCMP_SYS(request_key),
                                 SCMP_SYS(setns),
                                 SCMP_SYS(unshare),
                                 SCMP_SYS(open_by_handle_at)};

}  // namespace

int landlock_version() {
    const long version =
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version < 0 ? 0 : static_cast<int>(version);
}

int restrict_files_in_child(const std::vector<FileAccess>& allowed, Scope scope) {
    const int version = landlock_version();
    if (version == 0) {
        return ENOSYS;
    }
    RulesetAttributes attributes;
    attributes.files = all_rights(version);
    if (version >= 6 && scope == Scope::SignalsAndAbstractSockets) {
        attributes.scoped = kScopeAbstractSocket | kScopeSignal;
    }
    const Fd ruleset(static_cast<int>(
        ::syscall(SYS_landlock_create_ruleset, &attributes, attributes_size(version), 0)));
    if (!ruleset) {
        return errno;
    }
    for (const FileAccess& access : allowed) {
        const int error = add_rule(ruleset, access, version);
        if (error != 0) {
            return error;
        }
    }
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
        return errno;
    }
    return 0;
}

Result<void> restrict_files(const std::vector<FileAccess>& allowed, Scope scope) {
    const int error = restrict_files_in_child(allowed, scope);
    if (error == ENOSYS) {
        return Error(ErrorCode::Unsupported, "this kernel has no Landlock",
                     "use Linux 5.13 or newer with the landlock security module enabled");
    }
    if (error != 0) {
        return system_error("restricting files with Landlock", error);
    }
    return {};
}

Result<void> forbid_program_starts() {
    TRY(drop_new_privileges());
    const std::unique_ptr<void, ReleaseFilter> filter(::seccomp_init(SCMP_ACT_ALLOW));
    if (!filter) {
        return Error(ErrorCode::Unsupported, "no seccomp filter can be made here");
    }
    // A foreign ABI would carry the same calls under other numbers.
    int status = ::seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    for (const int call : kKilled) {
        status =
            status != 0 ? status : ::seccomp_rule_add(filter.get(), SCMP_ACT_KILL_PROCESS, call, 0);
    }
    for (const int call : kRefused) {
        status =
            status != 0 ? status : ::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 0);
    }
    status = status != 0 ? status : ::seccomp_load(filter.get());
    if (status != 0) {
        return system_error("loading the seccomp filter", -status);
    }
    return {};
}

}  // namespace countersign::sys
