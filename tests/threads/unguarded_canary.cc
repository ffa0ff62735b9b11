// Reads a guarded member without its lock: the analysis must refuse this file. Never built.
#include "base/mutex.h"

namespace countersign {

class Counter {
public:
    int look() const { return count_; }
    void add() {
        const MutexLock guard(lock_);
        ++count_;
    }

private:
    mutable Mutex lock_;
    int count_ GUARDED_BY(lock_) = 0;
};

}  // namespace countersign
