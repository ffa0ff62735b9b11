// What runs between clone and exec (see child.h). System calls on prepared data only.
#pragma once

#include <linux/filter.h>
#include <signal.h>
#include <vector>

#include "jail/child.h"
#include "sys/confine.h"

namespace countersign::jail {

/// ChildPlan in the shape that system calls take; points into the plan.
struct Inside {
    const ChildPlan* plan = nullptr;
    std::vector<const char*> candidates;
    std::vector<char*> argv;
    std::vector<char*> environment;
    sock_fprog filter{};
    std::vector<int> slots;               ///< for MountStep::slot, one per slot, -1 at first
    std::vector<sys::FileAccess> access;  ///< Landlock
    int resolver = -1;                    ///< UDP socket of the name server; -1: none
    int control = -1;    ///< one byte comes once the identity is mapped; end of file: give up
    sigset_t signals{};  ///< the mask that the agent gets
    unsigned long filter_flags = 0;
};

/// Never returns.
[[noreturn]] void run_init(Inside& inside);

}  // namespace countersign::jail
