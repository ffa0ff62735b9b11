#include "jail/filter.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <memory>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/fd.h"

namespace countersign::jail {
namespace {

struct ReleaseFilter {
    void operator()(void* context) const { ::seccomp_release(context); }
};
using Context = std::unique_ptr<void, ReleaseFilter>;

/// Calls that are refused whatever their arguments, and with which error.
struct RefusedCall {
    int call;
    int error;
};

constexpr std::array kRefused = {
    // Work that the kernel does for a process out of sight of a filter.
    RefusedCall{SCMP_SYS(io_uring_setup), ENOSYS},
    RefusedCall{SCMP_SYS(io_uring_enter), ENOSYS},
    RefusedCall{SCMP_SYS(io_uring_register), ENOSYS},
    // Into another process: a process with a small grant would borrow one with a larger.
    RefusedCall{SCMP_SYS(ptrace), EPERM},
    RefusedCall{SCMP_SYS(process_vm_writev), EPERM},
    RefusedCall{SCMP_SYS(pidfd_getfd), EPERM},
    RefusedCall{SCMP_SYS(process_madvise), EPERM},
    // Into the kernel.
    RefusedCall{SCMP_SYS(bpf), EPERM},
    RefusedCall{SCMP_SYS(perf_event_open), EPERM},
    RefusedCall{SCMP_SYS(userfaultfd), EPERM},
    RefusedCall{SCMP_SYS(init_module), EPERM},
    RefusedCall{SCMP_SYS(finit_module), EPERM},
    RefusedCall{SCMP_SYS(delete_module), EPERM},
    RefusedCall{SCMP_SYS(kexec_load), EPERM},
    RefusedCall{SCMP_SYS(kexec_file_load), EPERM},
    RefusedCall{SCMP_SYS(iopl), EPERM},
    RefusedCall{SCMP_SYS(ioperm), EPERM},
    RefusedCall{SCMP_SYS(lookup_dcookie), EPERM},
    RefusedCall{SCMP_SYS(syslog), EPERM},
    // Keys belong to the user, not to the jail: no namespace separates them.
    RefusedCall{SCMP_SYS(keyctl), EPERM},
    RefusedCall{SCMP_SYS(add_key), EPERM},
    RefusedCall{SCMP_SYS(request_key), EPERM},
    // The view of the file system is ours to make.
    RefusedCall{SCMP_SYS(mount), EPERM},
    RefusedCall{SCMP_SYS(umount2), EPERM},
    RefusedCall{SCMP_SYS(pivot_root), EPERM},
    RefusedCall{SCMP_SYS(chroot), EPERM},
    RefusedCall{SCMP_SYS(open_tree), EPERM},
    RefusedCall{SCMP_SYS(move_mount), EPERM},
    RefusedCall{SCMP_SYS(fsopen), EPERM},
    RefusedCall{SCMP_SYS(fsconfig), EPERM},
    RefusedCall{SCMP_SYS(fsmount), EPERM},
    RefusedCall{SCMP_SYS(fspick), EPERM},
    RefusedCall{SCMP_SYS(mount_setattr), EPERM},
    RefusedCall{SCMP_SYS(open_by_handle_at), EPERM},
    RefusedCall{SCMP_SYS(fanotify_init), EPERM},
    RefusedCall{SCMP_SYS(quotactl), EPERM},
    RefusedCall{SCMP_SYS(quotactl_fd), EPERM},
    RefusedCall{SCMP_SYS(setns), EPERM},
    // The machine.
    RefusedCall{SCMP_SYS(reboot), EPERM},
    RefusedCall{SCMP_SYS(swapon), EPERM},
    RefusedCall{SCMP_SYS(swapoff), EPERM},
    RefusedCall{SCMP_SYS(acct), EPERM},
    RefusedCall{SCMP_SYS(settimeofday), EPERM},
    RefusedCall{SCMP_SYS(clock_settime), EPERM},
    RefusedCall{SCMP_SYS(sethostname), EPERM},
    RefusedCall{SCMP_SYS(setdomainname), EPERM},
    RefusedCall{SCMP_SYS(vhangup), EPERM},
    // Its flags stand in memory, where no filter can read them. libc falls back to clone.
    RefusedCall{SCMP_SYS(clone3), ENOSYS},
};

constexpr unsigned long kNewNamespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                                         CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP |
                                         CLONE_NEWTIME;

/// Calls that are refused when argument `index`, masked, equals `value`.
struct RefusedArgument {
    int call;
    unsigned index;
    unsigned long mask;
    unsigned long value;
    int error;
};

constexpr unsigned long kLow32 = 0xffffffff;

constexpr std::array kRefusedArguments = {
    // CVE-2017-5226: input pushed into the terminal runs in the person's shell afterwards. The
    // kernel reads only the low half of the request, so only that is compared (CVE-2019-10063).
    RefusedArgument{SCMP_SYS(ioctl), 1, kLow32, TIOCSTI, EPERM},
    RefusedArgument{SCMP_SYS(ioctl), 1, kLow32, TIOCLINUX, EPERM},
    RefusedArgument{SCMP_SYS(ioctl), 1, kLow32, TIOCCONS, EPERM},
};

/// Bits of flags that must not be set.
struct RefusedFlags {
    int call;
    unsigned index;
    unsigned long bits;
};

constexpr std::array kRefusedFlags = {
    RefusedFlags{SCMP_SYS(clone), 0, kNewNamespaces & ~static_cast<unsigned long>(CLONE_NEWTIME)},
    RefusedFlags{SCMP_SYS(unshare), 0, kNewNamespaces},
};

/// Address families that may be used. AF_VSOCK reaches the virtual machine's host, AF_ALG and the
/// rest are seldom used and often attacked.
constexpr std::array kFamilies = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
constexpr int kFamiliesEnd = 64;

int refuse_families(void* filter) {
    int status = 0;
    for (int family = 0; family < kFamiliesEnd && status == 0; ++family) {
        bool allowed = false;
        for (const int known : kFamilies) {
            allowed = allowed || known == family;
        }
        if (!allowed) {
            status = ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                                        SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(family)));
        }
    }
    return status != 0 ? status
                       : ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket),
                                            1, SCMP_A0(SCMP_CMP_GE, kFamiliesEnd));
}

/// One rule per bit: a masked comparison can only say "equal", and any of the bits is too much.
int refuse_flags(void* filter, const RefusedFlags& refused) {
    int status = 0;
    for (unsigned long bit = 1; bit != 0 && status == 0; bit <<= 1U) {
        if ((refused.bits & bit) != 0) {
            const scmp_arg_cmp compare{refused.index, SCMP_CMP_MASKED_EQ, bit, bit};
            status =
                ::seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), refused.call, 1, &compare);
        }
    }
    return status;
}

/// Datagrams carry their address with each call, in memory where no filter can read it, so a Unix
/// datagram socket could reach any socket file that is in sight.
int refuse_unix_datagrams(void* filter) {
    constexpr scmp_datum_t kTypeMask = 0xf;  // above it stand SOCK_CLOEXEC and SOCK_NONBLOCK
    int status = 0;
    for (const int call : {SCMP_SYS(socket), SCMP_SYS(socketpair)}) {
        status = status != 0
                     ? status
                     : ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPROTONOSUPPORT), call, 2,
                                          SCMP_A0(SCMP_CMP_EQ, AF_UNIX),
                                          SCMP_A1(SCMP_CMP_MASKED_EQ, kTypeMask, SOCK_DGRAM));
    }
    return status;
}

int add_rules(void* filter, Connects connects) {
    int status = ::seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    for (const int call : {SCMP_SYS(execve), SCMP_SYS(execveat)}) {
        status = status != 0 ? status : ::seccomp_rule_add(filter, SCMP_ACT_NOTIFY, call, 0);
    }
    if (connects == Connects::Reported && status == 0) {
        status = ::seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(connect), 0);
        status = status != 0 ? status : refuse_unix_datagrams(filter);
    }
    for (const RefusedCall& refused : kRefused) {
        status = status != 0 ? status
                             : ::seccomp_rule_add(
                                   filter, SCMP_ACT_ERRNO(static_cast<uint16_t>(refused.error)),
                                   refused.call, 0);
    }
    for (const RefusedArgument& refused : kRefusedArguments) {
        const scmp_arg_cmp compare{refused.index, SCMP_CMP_MASKED_EQ, refused.mask, refused.value};
        status = status != 0 ? status
                             : ::seccomp_rule_add_array(
                                   filter, SCMP_ACT_ERRNO(static_cast<uint16_t>(refused.error)),
                                   refused.call, 1, &compare);
    }
    for (const RefusedFlags& refused : kRefusedFlags) {
        status = status != 0 ? status : refuse_flags(filter, refused);
    }
    return status != 0 ? status : refuse_families(filter);
}

Result<std::vector<sock_filter>> exported(void* filter) {
    const sys::Fd file(::memfd_create("filter", MFD_CLOEXEC));
    if (!file) {
        return sys::system_error("exporting the seccomp filter");
    }
    const int status = ::seccomp_export_bpf(filter, file.get());
    if (status != 0) {
        return sys::system_error("exporting the seccomp filter", -status);
    }
    const off_t size = ::lseek(file.get(), 0, SEEK_END);
    std::vector<sock_filter> program(static_cast<std::size_t>(size) / sizeof(sock_filter));
    if (program.empty() || program.size() > BPF_MAXINSNS ||
        ::pread(file.get(), program.data(), static_cast<std::size_t>(size), 0) != size) {
        return Error(ErrorCode::Unsupported, "the seccomp filter has an unusable size");
    }
    return program;
}

}  // namespace

Result<std::vector<sock_filter>> make_filter(Connects connects) {
    const Context filter(::seccomp_init(SCMP_ACT_ALLOW));
    if (!filter) {
        return Error(ErrorCode::Unsupported, "libseccomp does not know this machine");
    }
    const int status = add_rules(filter.get(), connects);
    if (status != 0) {
        return sys::system_error("making the seccomp filter", -status);
    }
    return exported(filter.get());
}

}  // namespace countersign::jail
