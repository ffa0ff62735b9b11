// Where the gateway's policy comes from, so that it can be read again without a restart. The gate
// opens no file itself: bin/ has the real one, tests bring their own.
//
// Thread safety: as the gate's, one thread.
#pragma once

#include "base/result.h"
#include "policy/policy.h"

namespace countersign::gate {

class PolicyFiles {
public:
    virtual ~PolicyFiles() = default;
    /// The policy as the files say it now. Errors with file and line; Io.
    virtual Result<policy::Policy> load() = 0;
};

/// What a reload came to; the digests are equal when the files say the same as before.
struct PolicyChange {
    std::string previous;  ///< digest, "sha256:<hex>"
    std::string current;
};

}  // namespace countersign::gate
