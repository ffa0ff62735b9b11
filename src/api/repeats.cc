#include "api/repeats.h"

namespace countersign::api {

Repeats::First* Repeats::find_or_note(const std::string& scope, const crypto::Digest& request,
                                      Duration now) {
    trim(now);
    const auto found = kept_.find(scope);
    if (found != kept_.end()) {
        return &found->second;
    }
    First first;
    first.request = request;
    first.at = now;
    kept_.emplace(scope, std::move(first));
    order_.push_back(scope);
    return nullptr;
}

Repeats::First* Repeats::find(const std::string& scope) {
    const auto found = kept_.find(scope);
    return found == kept_.end() ? nullptr : &found->second;
}

void Repeats::forget(const std::string& scope) {
    kept_.erase(scope);
}

void Repeats::trim(Duration now) {
    while (!order_.empty()) {
        const auto oldest = kept_.find(order_.front());
        const bool gone = oldest == kept_.end();
        if (!gone && kept_.size() < kKeptMax && now - oldest->second.at < kKeptFor) {
            return;
        }
        if (!gone) {
            kept_.erase(oldest);
        }
        order_.pop_front();
    }
}

}  // namespace countersign::api
