#include "gate/assessment_memo.h"

#include <utility>

namespace countersign::gate {
namespace {

std::size_t bytes_of(const model::Action& action) {
    std::size_t bytes = action.text.size() + action.target.size();
    for (const std::string& word : action.argv) {
        bytes += word.size();
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
    meaning.redacted = redacted_parts(request, meaning.assessment);
    if (bytes_of(request.action) > kActionBytesMax) {
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
