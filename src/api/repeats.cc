#include "api/repeats.h"

#include <cstring>

namespace countersign::api {

std::size_t Repeats::Hash::operator()(const crypto::Digest& digest) const {
    std::size_t out = 0;
    std::memcpy(&out, digest.bytes.data(), sizeof out);
    return out;
}

crypto::Digest Repeats::scope(std::string_view token_digest, std::string_view route,
                              std::string_view key) {
    // None of them holds a line end.
    return crypto::Sha256()
        .update(token_digest)
        .update("\n")
        .update(route)
        .update("\n")
        .update(key)
        .finish();
}

Repeats::First* Repeats::find_or_note(const crypto::Digest& scope, const crypto::Digest& request,
                                      Duration now) {
    trim(now);
    const auto [entry, added] = kept_.try_emplace(scope);
    if (!added) {
        return &entry->second;
    }
    entry->second.request = request;
    entry->second.at = now;
    order_.push_back({scope, now});
    return nullptr;
}

Repeats::First* Repeats::find(const crypto::Digest& scope) {
    const auto found = kept_.find(scope);
    return found == kept_.end() ? nullptr : &found->second;
}

void Repeats::forget(const crypto::Digest& scope) {
    kept_.erase(scope);
}

void Repeats::trim(Duration now) {
    while (!order_.empty()) {
        const auto& [scope, at] = order_.front();
        if (order_.size() < kKeptMax && now - at < kKeptFor) {
            return;
        }
        // Forgotten and noted anew meanwhile: then a younger note stands for it.
        const auto oldest = kept_.find(scope);
        if (oldest != kept_.end() && oldest->second.at == at) {
            kept_.erase(oldest);
        }
        order_.pop_front();
    }
}

}  // namespace countersign::api
