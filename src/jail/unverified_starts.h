// The token that switches off the comparison of what the kernel loaded with what was decided
// (exec_stop.h). Only a canary makes one, to see that the race tests would notice: without the
// comparison the wrong program does start. No flag, file or environment leads here, and a test
// lists every place that names it.
#pragma once

namespace countersign::jail {

class UnverifiedStarts {
public:
    explicit UnverifiedStarts() = default;
};

}  // namespace countersign::jail
