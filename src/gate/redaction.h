// Secrets out of everything that is stored, shown or recorded. The digest of an action is made
// before; what people see and what the log keeps is made here. Pure; thread safe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/action.h"
#include "model/verdict.h"

namespace countersign::gate {

/// Every member that can hold a secret: text, argv, target, environment, purpose.
model::ActionRequest redacted(const model::ActionRequest& request);
/// The verdict's commands, effects, findings and reasons, and the action of a Modify.
model::Verdict redacted(const model::Verdict& verdict);
model::Outcome redacted(const model::Outcome& outcome);

/// The same for an action that was met before: what is a pure function of the action is looked
/// through once (assessment_memo.h keeps it), the rest each time.
struct RedactedParts {
    model::Action action;
    std::map<std::string, std::string> environment;
    std::vector<model::JudgedCommand> commands;
    std::vector<model::Effect> effects;
    std::vector<model::Finding> findings;
};
RedactedParts redacted_parts(const model::ActionRequest& request,
                             const model::Assessment& assessment);
/// `parts` must come from a request with the same digest, and from its assessment.
model::ActionRequest redacted(const model::ActionRequest& request, const RedactedParts& parts);
model::Verdict redacted(const model::Verdict& verdict, const RedactedParts& parts);

/// Words of one argv: a secret is often told by the word before it ("--password", "hunter2"), so
/// they are looked at joined by spaces, and each touched word is replaced in its part.
std::vector<std::string> redact_words(const std::vector<std::string>& words);

}  // namespace countersign::gate
