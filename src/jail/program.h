// Which file an exec would start: resolved in the tree's own view, with the interpreters that a
// "#!" line names and the digests of content that the tree could change.
//
// Untrusted input: paths and files belong to the agent. Thread safe (the cache has a lock).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "jail/call.h"
#include "sys/fd.h"

namespace countersign::jail {

/// Names one state of one file. An unprivileged process cannot set the change time, and cannot
/// change content without changing it.
struct FileIdentity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;

    auto operator<=>(const FileIdentity&) const = default;
};

/// nullopt: it cannot be known (the file or process is gone).
std::optional<FileIdentity> identity_of(const sys::Fd& fd);
std::optional<FileIdentity> identity_at(const std::string& path);

struct Program {
    std::string path;       ///< of the file that was named, resolved; "/memfd:x (deleted)" too
    std::string directory;  ///< the caller's working directory
    FileIdentity file;      ///< of that file
    /// What the kernel really loads: the last interpreter of the "#!" chain, or the file itself.
    FileIdentity loaded;
    /// What the loaded program gets as argv (differs from the caller's for scripts).
    std::vector<std::string> argv;
    /// path -> "sha256:<hex>": scripts of the chain, and a program in a changeable place.
    std::map<std::string, std::string> content;
    /// path -> identity of every file of the chain that can change, to look at again after exec.
    std::vector<std::pair<std::string, FileIdentity>> bound;
};

/// Why an exec cannot start, as the error number the kernel would give, and for refusals of ours
/// the reason to tell.
struct ResolveFailure {
    int error_number = 0;
    std::string reason;  ///< empty: plain kernel semantics (ENOENT while PATH is searched)
};

class Resolver {
public:
    /// `root` is the tree's root directory (O_PATH); `changeable` as in Plan.
    Resolver(sys::Fd root, std::vector<std::string> changeable)
        : root_(std::move(root)), changeable_(std::move(changeable)) {}

    /// Fills `out` or says why not.
    std::optional<ResolveFailure> resolve(const Call& call, Program& out);

private:
    /// What a file is, found out once per identity.
    struct Known {
        bool script = false;
        std::string interpreter;
        std::string argument;
        std::string digest;  ///< empty: not needed
    };
    struct Opened {
        sys::Fd fd;
        std::string path;
        FileIdentity identity;
    };

    std::optional<ResolveFailure> open_named(const Call& call, const std::string& directory,
                                             Opened& out) const;
    std::optional<ResolveFailure> finish_open(sys::Fd fd, Opened& out) const;
    std::optional<ResolveFailure> know(Opened& file, Known& out) EXCLUDES(lock_);
    std::optional<ResolveFailure> inspect(const Opened& file, bool changeable, Known& out) const;
    [[nodiscard]] bool changeable(const std::string& path) const;

    sys::Fd root_;
    std::vector<std::string> changeable_;
    Mutex lock_;
    std::map<FileIdentity, Known> cache_ GUARDED_BY(lock_);
};

}  // namespace countersign::jail
