#include "gate/opening.h"

namespace countersign::gate {
namespace {

/// Each part behind its length, so that no two starts share a form.
crypto::Digest start_of(const std::vector<std::string>& argv, std::string_view directory) {
    std::string form = std::to_string(directory.size()) + ":" + std::string(directory);
    for (const std::string& word : argv) {
        form += std::to_string(word.size()) + ":" + word;
    }
    return crypto::sha256(form);
}

}  // namespace

bool one_person_may_start(const model::Verdict& verdict) {
    return verdict.decision == model::Decision::StepUp &&
           verdict.assessment.tier < model::Tier::Irreversible;
}

void Openings::expect(std::string_view session, const std::vector<std::string>& argv,
                      std::string_view directory, Duration now) {
    if (argv.empty()) {
        return;
    }
    openings_.insert_or_assign(std::string(session),
                               Opening{start_of(argv, directory), now + kStartedWithin});
}

bool Openings::take(const model::ActionRequest& request, Duration now) {
    const auto found = openings_.find(request.context.session);
    if (found == openings_.end()) {
        return false;
    }
    const Opening opening = found->second;
    openings_.erase(found);
    return now <= opening.until && request.action.kind == model::ActionKind::Exec &&
           request.context.within.empty() &&
           start_of(request.action.argv, request.context.directory) == opening.start;
}

void Openings::forget(std::string_view session) {
    const auto found = openings_.find(session);
    if (found != openings_.end()) {
        openings_.erase(found);
    }
}

}  // namespace countersign::gate
