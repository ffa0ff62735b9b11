#include "gate/assessment_memo.h"

#include <map>
#include <utility>

namespace countersign::gate {
namespace {

/// Each list's elements count as well as their text: what a few bytes of braces expand to is
/// not small.
constexpr std::size_t kElementBytes = 128;

std::size_t bytes_of(const std::map<std::string, std::string>& map) {
    std::size_t bytes = 0;
    for (const auto& [name, value] : map) {
        bytes += kElementBytes + name.size() + value.size();
    }
    return bytes;
}

std::size_t bytes_of(const model::ActionRequest& request) {
    const model::Action& action = request.action;
    std::size_t bytes = action.text.size() + action.program.size() + action.server.size() +
                        action.name.size() + action.target.size();
    for (const std::string& word : action.argv) {
        bytes += kElementBytes + word.size();
    }
    return bytes + bytes_of(action.content) + bytes_of(request.context.environment);
}

std::size_t bytes_of(const model::Assessment& assessment) {
    std::size_t bytes = 0;
    for (const model::JudgedCommand& command : assessment.commands) {
        bytes += kElementBytes;
        for (const auto& word : command.argv) {
            bytes += kElementBytes + word.value_or("").size();
        }
    }
    for (const model::Effect& effect : assessment.effects) {
        bytes += kElementBytes + effect.target.size() + effect.detail.size();
    }
    for (const model::Finding& finding : assessment.findings) {
        bytes += kElementBytes + finding.kind.size() + finding.why.size();
    }
    return bytes;
}

}  // namespace

const Meaning* AssessmentMemo::find(std::string_view digest) const {
    if (!large_digest_.empty() && digest == large_digest_) {
        return &large_;
    }
    const auto found = kept_.find(std::string(digest));
    return found == kept_.end() ? nullptr : &found->second;
}

const Meaning* AssessmentMemo::keep(std::string_view digest, const model::ActionRequest& request,
                                    Meaning meaning) {
    meaning.redacted = redactor_.parts(request, meaning.assessment);
    if (bytes_of(request) + bytes_of(meaning.assessment) > kEntryBytesMax) {
        large_ = std::move(meaning);
        large_digest_ = digest;
        return &large_;
    }
    if (order_.size() >= kEntriesMax) {
        kept_.erase(order_.front());
        order_.pop_front();
    }
    const auto [entry, added] = kept_.insert_or_assign(std::string(digest), std::move(meaning));
    if (added) {
        order_.emplace_back(digest);
    }
    return &entry->second;
}

void AssessmentMemo::clear() {
    kept_.clear();
    order_.clear();
    large_ = {};
    large_digest_.clear();
}

}  // namespace countersign::gate
