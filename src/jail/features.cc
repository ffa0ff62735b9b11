#include "jail/features.h"

namespace countersign::jail {
namespace {

constexpr bool kRequired = true;
constexpr bool kOptional = false;

Feature line(const char* name, bool available, bool required, const char* with,
             const char* without) {
    return {name, available, required,
            available ? std::string("enforced: ") + with : std::string("not enforced: ") + without};
}

}  // namespace

std::vector<Feature> features_of(const sys::KernelFeatures& kernel) {
    Feature landlock = line("Landlock", kernel.landlock_version >= 1, kRequired,
                            "writes stay inside the workspace",
                            "nothing is run (Linux 5.13, and landlock among the kernel's lsm=)");
    landlock.detail += "; ABI " + std::to_string(kernel.landlock_version);
    return {
        line("seccomp notification", kernel.seccomp_notification && kernel.seccomp_continue,
             kRequired, "each program start is held until it is decided",
             "nothing is run (Linux 5.7)"),
        line("user namespaces", kernel.user_namespaces, kRequired,
             "the tree has a view and process numbers of its own",
             "nothing is run; allow them with sysctl kernel.unprivileged_userns_clone=1 or an "
             "AppArmor profile"),
        landlock,
        line("process descriptors", kernel.pid_file_descriptors, kRequired,
             "processes are told apart for certain", "nothing is run (Linux 5.3)"),
        line("Landlock scopes", kernel.landlock_version >= 6, kOptional,
             "signals and abstract sockets stay inside",
             "only namespaces keep signals and abstract sockets inside (Linux 6.12)"),
        line("network gate", kernel.network_cookies, kOptional,
             "connections leave as decided ones only",
             "every connection of the tree fails (Linux 5.14)"),
        line("overlay", kernel.user_overlay, kOptional, "run --staged writes beside the workspace",
             "run --staged fails; without it a copy is made for undo (Linux 5.11)"),
        line("process limit of root", kernel.pid_namespace_size, kOptional,
             "a tree of root has a bounded number of processes as well",
             "a tree started by root may make any number; start it as an ordinary user "
             "(Linux 6.14)"),
        line("uninterrupted waiting", kernel.seccomp_wait_killable, kOptional,
             "a signal does not make a held start ask twice",
             "a signal to a held process makes it ask again (Linux 5.19)"),
        line("synchronous wake-up", kernel.seccomp_sync_wake_up, kOptional,
             "starts are answered on the caller's processor",
             "starts are somewhat slower, nothing else (Linux 6.6)"),
    };
}

}  // namespace countersign::jail
