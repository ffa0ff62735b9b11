// A mutex that clang's thread-safety analysis understands (-Wthread-safety). Use GUARDED_BY on each
// member that a lock protects; g++ sees plain std::mutex.
#pragma once

#include <mutex>

#if defined(__clang__)
#define COUNTERSIGN_THREAD(x) __attribute__((x))
#else
#define COUNTERSIGN_THREAD(x)
#endif

#define CAPABILITY(x) COUNTERSIGN_THREAD(capability(x))
#define SCOPED_CAPABILITY COUNTERSIGN_THREAD(scoped_lockable)
#define GUARDED_BY(x) COUNTERSIGN_THREAD(guarded_by(x))
#define REQUIRES(...) COUNTERSIGN_THREAD(requires_capability(__VA_ARGS__))
#define ACQUIRE(...) COUNTERSIGN_THREAD(acquire_capability(__VA_ARGS__))
#define RELEASE(...) COUNTERSIGN_THREAD(release_capability(__VA_ARGS__))
#define EXCLUDES(...) COUNTERSIGN_THREAD(locks_excluded(__VA_ARGS__))

namespace countersign {

class CAPABILITY("mutex") Mutex {
public:
    void lock() ACQUIRE() { mutex_.lock(); }
    void unlock() RELEASE() { mutex_.unlock(); }

private:
    std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
public:
    explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
    ~MutexLock() RELEASE() { mutex_.unlock(); }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

private:
    Mutex& mutex_;
};

}  // namespace countersign
