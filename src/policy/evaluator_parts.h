// What Evaluator holds, and the decision as it grows stricter. Private to policy/.
#pragma once

#include <memory>

#include "policy/policy.h"
#include "policy/policy_parts.h"
#include "policy/rulebook.h"

namespace countersign::policy {

struct Evaluator::Parts {
    Parts(std::shared_ptr<const Policy> shared, const Policy::Parts* parts, Rulebook book)
        : policy(std::move(shared)), file(parts), rulebook(std::move(book)) {}
    std::shared_ptr<const Policy> policy;  ///< shared: the gate keeps it for its digest and routes
    const Policy::Parts* file = nullptr;   ///< inside `policy`
    Rulebook rulebook;
};

}  // namespace countersign::policy
