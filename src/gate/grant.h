// Grants: leave to execute that was born of a released action. A program start inside a released
// action passes without a question of its own when it goes no further than what was released.
// Pure; thread safe.
#pragma once

#include "model/verdict.h"

namespace countersign::gate {

/// What a released action lets pass.
struct Grant {
    model::Assessment assessment;  ///< of the released action, as it was judged
};

enum class Coverage {
    Named,   ///< the released text lists exactly these words
    Within,  ///< its tier is not above the grant's, and it raises nothing new that is severe
    Beyond   ///< asks for itself
};

/// How `inner`, one program start, stands to the grant. Forbidden is always Beyond; so is what is
/// not Named and raises a finding of severity High or more that the released action did not have.
Coverage coverage(const Grant& grant, const model::Assessment& inner);

}  // namespace countersign::gate
