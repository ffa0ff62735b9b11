// What the jailed tree will see and may write, worked out before anything is started: an ordered
// list of mount steps and Landlock rights, as plain data that the child follows with system calls
// only (between clone and exec nothing may allocate).
//
// The view: the whole file system to read and execute, with
//   /tmp /var/tmp /dev/shm    private and empty (other programs' sockets live there)
//   /run                      private, read-only (D-Bus, Docker, ssh-agent: bypass 25)
//   /dev                      null zero full random urandom tty, a pts instance of its own
//   /proc                     of the new PID namespace
//   hidden and secret places  empty
// and then the workspace, further writable paths and the agent socket at their places.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "jail/jail.h"

namespace countersign::jail {

/// One step. `source` and `slot` matter for some kinds only.
struct MountStep {
    enum class Kind {
        Detach,     ///< make the whole tree private to this mount namespace
        Overlay,    ///< over `path`: what is written goes to "upper" and "work" below `source`
        Grab,       ///< keep a copy of what stands at `path` (all below it included) in `slot`
        Tmpfs,      ///< mount an empty tmpfs at `path` with the options `source`
        Directory,  ///< mkdir `path`; success when it exists
        Text,       ///< create the file with the content `source`
        Cover,      ///< mount the file `source` over the file `path`
        File,       ///< create an empty file; success when it exists
        Link,       ///< symbolic link `path` -> `source`
        Put,        ///< place `slot` at `path`
        Null,       ///< mount /dev/null over the file `path`
        Seal,       ///< make the mount at `path` and all below it read-only
        Proc,       ///< a fresh procfs at `path`
        Pts,        ///< a fresh devpts at `path`
        ReadOnly    ///< make the mount at `path` read-only
    };
    Kind kind;
    std::string path;
    std::string source;
    int slot = -1;
    /// What stands there may vanish meanwhile or be closed to us; go on then.
    bool optional = false;
};

struct Plan {
    std::vector<MountStep> mounts;
    int slots = 0;
    std::vector<std::string> readable;  ///< Landlock: read and execute everything below
    std::vector<std::string> writable;  ///< Landlock: everything below
    std::vector<std::string> devices;   ///< Landlock: write to these device files
    /// Where path-named sockets may be connected to: the tree's own places and the agent socket.
    /// The longest place that holds a path counts.
    struct SocketPlace {
        std::string path;
        enum class Access { Open, Closed } access = Access::Open;
    };
    std::vector<SocketPlace> sockets;
    /// Where content may change under the tree's hands; programs from there are digested.
    std::vector<std::string> changeable;
};

/// InvalidArgument when workspace or directory are not absolute directories, or the workspace is
/// "/", where it would mean nothing; or a weakening would lead to the gateway, shows what is no
/// known secret, or names as a socket what is none.
Result<Plan> make_plan(const RunOptions& options);

/// Whether the options carry the token for it.
bool has_machine_network(const RunOptions& options);

/// True when `path` is `parent` or lies below it. Both absolute, without "." and "..".
bool is_within(std::string_view path, std::string_view parent);

}  // namespace countersign::jail
