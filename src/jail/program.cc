#include "jail/program.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <ctime>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "jail/plan.h"

namespace countersign::jail {
namespace {

/// include/linux/binfmts.h BINPRM_BUF_SIZE: what the kernel looks at for "#!".
constexpr std::size_t kHeadBytes = 256;
/// The kernel follows five interpreters and then says ELOOP (fs/exec.c).
constexpr int kInterpretersMax = 5;
/// A file whose last change is younger than this is digested anew each time: within one step of a
/// file system's time stamps content can change under the same ones. A stamp that is no multiple of
/// the second step comes from a finer one; the first is the coarsest there is (FAT).
constexpr std::int64_t kCoarseStepNs = 2'000'000'000;
constexpr std::int64_t kFineStepNs = 10'000'000;
constexpr std::size_t kCacheEntriesMax = 4096;

std::int64_t nanoseconds(const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

FileIdentity identity_from(const struct stat& status) {
    return {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
            nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
}

std::optional<std::string> read_link(const std::string& path) {
    std::array<char, PATH_MAX> buffer{};
    const ssize_t length = ::readlink(path.c_str(), buffer.data(), buffer.size());
    if (length < 0 || static_cast<std::size_t>(length) == buffer.size()) {
        return std::nullopt;
    }
    return std::string(buffer.data(), static_cast<std::size_t>(length));
}

std::string own_descriptor(int fd) {
    return "/proc/self/fd/" + std::to_string(fd);
}

/// Opens within the tree's root as the tree would: ".." and absolute links stay inside.
sys::Fd open_inside(const sys::Fd& root, const std::string& path, std::uint64_t flags) {
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC | flags;
    how.resolve = RESOLVE_IN_ROOT;
    return sys::Fd(
        static_cast<int>(::syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how)));
}

/// "/proc/self/..." names the caller, not us: spelled for our own procfs. nullopt: another path.
std::optional<std::string> own_spelling(const std::string& path, pid_t thread) {
    constexpr std::array kSelf = {"/proc/self/", "/proc/thread-self/"};
    for (const std::string_view prefix : kSelf) {
        if (path.starts_with(prefix)) {
            const std::string rest = path.substr(prefix.size());
            const bool magic = rest == "exe" || rest.starts_with("fd/");
            if (magic && rest.find('/', 3) == std::string::npos) {
                return "/proc/" + std::to_string(thread) + "/" + rest;
            }
        }
    }
    if (path.starts_with("/dev/fd/") && path.find('/', 8) == std::string::npos) {
        return "/proc/" + std::to_string(thread) + "/fd/" + path.substr(8);
    }
    return std::nullopt;
}

/// What the kernel does with the first line (binfmt_script): name up to a blank, then one argument.
void parse_first_line(std::string_view head, std::string& interpreter, std::string& argument) {
    const std::string_view line = head.substr(2, head.find('\n') - 2);
    constexpr std::string_view kBlank = " \t";
    const std::size_t begin = line.find_first_not_of(kBlank);
    if (begin == std::string_view::npos) {
        return;
    }
    const std::size_t last = line.find_last_not_of(kBlank);
    const std::string_view text = line.substr(begin, last - begin + 1);
    const std::size_t gap = text.find_first_of(kBlank);
    interpreter = text.substr(0, gap);
    if (gap != std::string_view::npos) {
        argument = text.substr(text.find_first_not_of(kBlank, gap));
    }
}

/// A read lease is granted only while nobody has the file open for writing (fcntl(2)). Whoever
/// opens it for writing later changes its time stamps when he writes.
bool somebody_writes(const sys::Fd& fd) {
    if (::fcntl(fd.get(), F_SETLEASE, F_RDLCK) != 0) {
        return errno == EAGAIN;
    }
    ::fcntl(fd.get(), F_SETLEASE, F_UNLCK);
    return false;
}

std::optional<ResolveFailure> digest_of(const sys::Fd& fd, std::string& out) {
    crypto::Sha256 hash;
    std::array<char, 64 * 1024> block{};
    off_t at = 0;
    while (true) {
        const ssize_t count = ::pread(fd.get(), block.data(), block.size(), at);
        if (count < 0) {
            return ResolveFailure{EACCES, "its content cannot be read"};
        }
        if (count == 0) {
            out = hash.finish().text();
            return std::nullopt;
        }
        hash.update(std::string_view(block.data(), static_cast<std::size_t>(count)));
        at += count;
    }
}

/// Until the clock that file systems stamp with has left the tick of the last change: from then on
/// whoever changes or renames the file leaves another stamp, which the look after the exec finds.
/// At most a tick for a file that is left alone. False: it keeps changing.
bool wait_for_stamp(const sys::Fd& fd, FileIdentity& identity) {
    constexpr int kLooksMax = 15;
    for (int look = 0; look < kLooksMax; ++look) {
        const auto now = identity_of(fd);
        timespec clock{};
        ::clock_gettime(CLOCK_REALTIME_COARSE, &clock);
        if (now && nanoseconds(clock) > now->changed_ns) {
            identity = *now;
            return true;
        }
        ::poll(nullptr, 0, 1);
    }
    return false;
}

bool settled(const FileIdentity& identity) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const bool fine = identity.changed_ns % kFineStepNs != 0;
    return nanoseconds(now) - identity.changed_ns > (fine ? 2 * kFineStepNs : kCoarseStepNs);
}

}  // namespace

std::optional<FileIdentity> identity_of(const sys::Fd& fd) {
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) {
        return std::nullopt;
    }
    return identity_from(status);
}

std::optional<FileIdentity> identity_at(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
        return std::nullopt;
    }
    return identity_from(status);
}

bool Resolver::changeable(const std::string& path) const {
    // A file without a name in the tree (memfd, deleted) can be written by whoever holds it.
    return path.starts_with("/memfd:") || path.ends_with(" (deleted)") ||
           std::any_of(changeable_.begin(), changeable_.end(),
                       [&](const std::string& place) { return is_within(path, place); });
}

std::optional<ResolveFailure> Resolver::finish_open(sys::Fd fd, Opened& out) const {
    struct stat status{};
    if (::fstat(fd.get(), &status) != 0) {
        return ResolveFailure{errno, ""};
    }
    if (S_ISLNK(status.st_mode)) {
        return ResolveFailure{ELOOP, ""};
    }
    if (!S_ISREG(status.st_mode) || (status.st_mode & 0111) == 0) {
        return ResolveFailure{EACCES, ""};
    }
    const auto path = read_link(own_descriptor(fd.get()));
    if (!path) {
        return ResolveFailure{ENAMETOOLONG, ""};
    }
    out.fd = std::move(fd);
    out.path = *path;
    out.identity = identity_from(status);
    return std::nullopt;
}

std::optional<ResolveFailure> Resolver::open_named(const Call& call, const std::string& directory,
                                                   Opened& out) const {
    constexpr int kKnownFlags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW;
    if ((call.flags & ~kKnownFlags) != 0) {
        return ResolveFailure{EINVAL, ""};
    }
    const std::string process = "/proc/" + std::to_string(call.thread);
    std::string path = call.path;
    std::optional<std::string> own;
    if (path.empty()) {
        if ((call.flags & AT_EMPTY_PATH) == 0) {
            return ResolveFailure{ENOENT, ""};
        }
        own = process + "/fd/" + std::to_string(call.directory);
    } else if (path.front() != '/') {
        std::optional<std::string> base = directory;
        if (call.directory != AT_FDCWD) {
            base = read_link(process + "/fd/" + std::to_string(call.directory));
        }
        if (!base || !base->starts_with('/')) {
            return ResolveFailure{EBADF, ""};
        }
        path = *base + "/" + path;
    }
    own = own ? own : own_spelling(path, call.thread);
    const std::uint64_t nofollow = (call.flags & AT_SYMLINK_NOFOLLOW) != 0 ? O_NOFOLLOW : 0;
    sys::Fd fd = own ? sys::Fd(::open(own->c_str(), O_PATH | O_CLOEXEC))
                     : open_inside(root_, path, nofollow);
    if (!fd) {
        return ResolveFailure{errno, ""};
    }
    return finish_open(std::move(fd), out);
}

std::optional<ResolveFailure> Resolver::inspect(const Opened& file, bool changeable,
                                                Known& out) const {
    const sys::Fd content(
        ::open(own_descriptor(file.fd.get()).c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!content) {
        return ResolveFailure{EACCES, "it can be executed but not read, so not be examined"};
    }
    std::array<char, kHeadBytes> head{};
    const ssize_t count = ::pread(content.get(), head.data(), head.size(), 0);
    if (count < 0) {
        return ResolveFailure{EACCES, "its content cannot be read"};
    }
    const std::string_view text(head.data(), static_cast<std::size_t>(count));
    if (text.starts_with("#!")) {
        out.script = true;
        parse_first_line(text, out.interpreter, out.argument);
    }
    if (!changeable && !out.script) {
        return std::nullopt;
    }
    if (changeable && somebody_writes(content)) {
        return ResolveFailure{ETXTBSY, ""};
    }
    if (file.identity.size > limits::kScriptBytesMax) {
        // Too long to read before each start. A program that the kernel loads is still held to its
        // identity; a script's interpreter would read it later, so it is refused.
        return out.script ? std::optional(ResolveFailure{EACCES, "the script is too long"})
                          : std::nullopt;
    }
    return digest_of(content, out.digest);
}

std::optional<ResolveFailure> Resolver::know(Opened& file, Known& out) {
    {
        const MutexLock guard(lock_);
        const auto found = cache_.find(file.identity);
        if (found != cache_.end()) {
            out = found->second;
            return std::nullopt;
        }
    }
    const bool can_change = changeable(file.path);
    if (can_change && !wait_for_stamp(file.fd, file.identity)) {
        return ResolveFailure{ETXTBSY, ""};
    }
    if (auto failure = inspect(file, can_change, out)) {
        return failure;
    }
    if (settled(file.identity)) {
        const MutexLock guard(lock_);
        if (cache_.size() >= kCacheEntriesMax) {
            cache_.clear();
        }
        cache_.emplace(file.identity, out);
    }
    return std::nullopt;
}

std::optional<ResolveFailure> Resolver::resolve(const Call& call, Program& out) {
    const auto directory = read_link("/proc/" + std::to_string(call.thread) + "/cwd");
    if (!directory) {
        return ResolveFailure{ENOENT, ""};
    }
    out.directory = *directory;
    Opened file;
    if (auto failure = open_named(call, *directory, file)) {
        return failure;
    }
    out.path = file.path;
    out.argv = call.argv;
    // As the kernel: an empty argv gets one empty word (since Linux 5.18).
    if (out.argv.empty()) {
        out.argv.emplace_back();
    }
    std::string named = call.path;
    if (call.directory != AT_FDCWD && !named.starts_with('/')) {
        // fs/exec.c alloc_bprm(): how a script is named to its interpreter then.
        named = "/dev/fd/" + std::to_string(call.directory) + "/" + named;
    }
    for (int depth = 0; depth <= kInterpretersMax; ++depth) {
        Known known;
        if (auto failure = know(file, known)) {
            return failure;
        }
        if (depth == 0) {
            out.file = file.identity;
        }
        if (!known.digest.empty()) {
            out.content[file.path] = known.digest;
        }
        if (changeable(file.path)) {
            out.bound.emplace_back(file.path, file.identity);
        }
        if (!known.script) {
            out.loaded = file.identity;
            return std::nullopt;
        }
        if (call.path.empty() && depth == 0) {
            return ResolveFailure{EACCES, "a script can only be started by its name"};
        }
        // argv[0] makes way for: interpreter, its argument if any, the script's name.
        std::vector<std::string> words = {known.interpreter};
        if (!known.argument.empty()) {
            words.push_back(known.argument);
        }
        words.push_back(named);
        words.insert(words.end(), out.argv.begin() + 1, out.argv.end());
        out.argv = std::move(words);
        named = known.interpreter;
        Call next;
        next.thread = call.thread;
        next.path = known.interpreter;
        file = {};
        if (auto failure = open_named(next, *directory, file)) {
            return failure;
        }
    }
    return ResolveFailure{ELOOP, ""};
}

}  // namespace countersign::jail
