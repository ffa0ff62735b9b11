// Loaded into a gateway before the C library (LD_PRELOAD): makes the n-th call that touches a file
// below a directory fail, as a disk does. For bench/crash.py only.
//
//   COUNTERSIGN_FAULT_DIRECTORY   files below it count
//   COUNTERSIGN_FAULT_KIND        write, sync, open, rename or truncate
//   COUNTERSIGN_FAULT_NUMBER      which call, from 1
//   COUNTERSIGN_FAULT_MODE        once: it fails with EIO; full: it and all after it fail with
//   ENOSPC;
//                                 short: half of the bytes are written, and the next write has
//                                 ENOSPC
//   COUNTERSIGN_FAULT_MARK        a file that gets one byte when the fault happens
//
// One thread or several: counters are atomic. Nothing here allocates.
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <string_view>
#include <sys/uio.h>
#include <unistd.h>

namespace {

constexpr const char* kKinds[] = {"write", "sync", "open", "rename", "truncate"};
enum Kind : int { Write, Sync, Open, Rename, Truncate };
enum class Fault { None, Once, Full, Short };

struct Plan {
    std::string_view directory;
    int kind = -1;
    long number = 0;
    Fault mode = Fault::None;
    int mark = -1;
};

std::string_view variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string_view() : std::string_view(value);
}

Plan read_plan() {
    Plan plan;
    plan.directory = variable("COUNTERSIGN_FAULT_DIRECTORY");
    const std::string_view kind = variable("COUNTERSIGN_FAULT_KIND");
    for (int i = 0; i < 5; ++i) {
        plan.kind = kind == kKinds[i] ? i : plan.kind;
    }
    plan.number = std::strtol(variable("COUNTERSIGN_FAULT_NUMBER").data(), nullptr, 10);
    const std::string_view mode = variable("COUNTERSIGN_FAULT_MODE");
    plan.mode = mode == "full" ? Fault::Full : mode == "short" ? Fault::Short : Fault::Once;
    using OpenCall = int (*)(const char*, int, ...);
    const auto real = reinterpret_cast<OpenCall>(dlsym(RTLD_NEXT, "open"));
    plan.mark = real(variable("COUNTERSIGN_FAULT_MARK").data(), O_WRONLY | O_APPEND | O_CLOEXEC);
    return plan;
}

std::atomic<const Plan*> plan_made = nullptr;
std::atomic<long> calls = 0;
std::atomic<int> full_next = -1;  ///< the descriptor whose next write finds no room

/// The gateway opens nothing before main, so this runs when it is still allowed everything.
__attribute__((constructor)) void prepare() {
    static const Plan plan = read_plan();
    plan_made = plan.directory.empty() || plan.kind < 0 ? nullptr : &plan;
}

template <typename Call>
Call real(const char* name) {
    return reinterpret_cast<Call>(dlsym(RTLD_NEXT, name));
}

void mark(const Plan& plan) {
    const auto write_call = real<ssize_t (*)(int, const void*, std::size_t)>("write");
    [[maybe_unused]] const ssize_t written = write_call(plan.mark, "x", 1);
}

/// What happens to this call; sets errno for a failing one.
Fault fault(Kind kind, std::string_view path) {
    const Plan* plan = plan_made;
    if (plan == nullptr || plan->kind != kind || !path.starts_with(plan->directory)) {
        return Fault::None;
    }
    const long number = ++calls;
    if (number < plan->number || (number > plan->number && plan->mode != Fault::Full)) {
        return Fault::None;
    }
    if (number == plan->number) {
        mark(*plan);
    }
    errno = plan->mode == Fault::Once ? EIO : ENOSPC;
    return plan->mode;
}

Fault fault(Kind kind, int descriptor) {
    char link[64];
    char path[4096];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const int before = errno;
    const ssize_t length = readlink(link, path, sizeof path);
    errno = before;
    return length <= 0 ? Fault::None
                       : fault(kind, std::string_view(path, static_cast<std::size_t>(length)));
}

/// A write of `size` bytes: how many of them the disk takes; -1: none, with errno.
ssize_t taken(int descriptor, std::size_t size) {
    int waiting = descriptor;
    if (full_next.compare_exchange_strong(waiting, -1)) {
        errno = ENOSPC;
        return -1;
    }
    const Fault found = fault(Write, descriptor);
    if (found == Fault::None) {
        return static_cast<ssize_t>(size);
    }
    if (found != Fault::Short || size < 2) {
        return -1;
    }
    full_next = descriptor;
    return static_cast<ssize_t>(size / 2);
}

int open_with(const char* name, const char* path, int flags, unsigned mode) {
    const bool changes = (flags & (O_WRONLY | O_RDWR | O_CREAT)) != 0;
    if (changes && fault(Open, path) != Fault::None) {
        return -1;
    }
    return real<int (*)(const char*, int, ...)>(name)(path, flags, mode);
}

unsigned mode_in(int flags, va_list arguments) {
    return (flags & O_CREAT) != 0 ? va_arg(arguments, unsigned) : 0U;
}

}  // namespace

// The C library's own names; what they do stands in their manual pages.
extern "C" {

__attribute__((visibility("default"))) ssize_t write(int descriptor, const void* bytes,
                                                     std::size_t size) {
    const ssize_t room = taken(descriptor, size);
    return room < 0 ? room
                    : real<ssize_t (*)(int, const void*, std::size_t)>("write")(
                          descriptor, bytes, static_cast<std::size_t>(room));
}

__attribute__((visibility("default"))) ssize_t pwrite(int descriptor, const void* bytes,
                                                      std::size_t size, off_t offset) {
    const ssize_t room = taken(descriptor, size);
    return room < 0 ? room
                    : real<ssize_t (*)(int, const void*, std::size_t, off_t)>("pwrite")(
                          descriptor, bytes, static_cast<std::size_t>(room), offset);
}

__attribute__((visibility("default"))) ssize_t pwrite64(int descriptor, const void* bytes,
                                                        std::size_t size, off64_t offset) {
    return pwrite(descriptor, bytes, size, offset);
}

__attribute__((visibility("default"))) int fsync(int descriptor) {
    return fault(Sync, descriptor) != Fault::None ? -1 : real<int (*)(int)>("fsync")(descriptor);
}

__attribute__((visibility("default"))) int fdatasync(int descriptor) {
    return fault(Sync, descriptor) != Fault::None ? -1
                                                  : real<int (*)(int)>("fdatasync")(descriptor);
}

__attribute__((visibility("default"))) int ftruncate(int descriptor, off_t size) {
    return fault(Truncate, descriptor) != Fault::None
               ? -1
               : real<int (*)(int, off_t)>("ftruncate")(descriptor, size);
}

__attribute__((visibility("default"))) int ftruncate64(int descriptor, off64_t size) {
    return ftruncate(descriptor, size);
}

__attribute__((visibility("default"))) int rename(const char* from, const char* to) {
    return fault(Rename, to) != Fault::None
               ? -1
               : real<int (*)(const char*, const char*)>("rename")(from, to);
}

__attribute__((visibility("default"))) int open(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const unsigned mode = mode_in(flags, arguments);
    va_end(arguments);
    return open_with("open", path, flags, mode);
}

__attribute__((visibility("default"))) int open64(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const unsigned mode = mode_in(flags, arguments);
    va_end(arguments);
    return open_with("open64", path, flags, mode);
}

}  // extern "C"
