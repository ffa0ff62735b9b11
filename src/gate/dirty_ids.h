// Which documents differ from what the store holds, while some are on their way into it: what
// changes meanwhile is to be written again, and what could not be written as well.
//
// Not thread safe.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace countersign::gate {

enum class Written { Yes, No };

class DirtyIds {
public:
    using Ids = std::set<std::string, std::less<>>;

    void mark(std::string_view id) { waiting_.emplace(id); }
    /// In the store by now, in its present form.
    void clear(std::string_view id) {
        const auto found = waiting_.find(id);
        if (found != waiting_.end()) {
            waiting_.erase(found);
        }
    }
    [[nodiscard]] const Ids& waiting() const { return waiting_; }
    [[nodiscard]] const Ids& under_way() const { return under_way_; }
    [[nodiscard]] bool empty() const { return waiting_.empty() && under_way_.empty(); }
    [[nodiscard]] bool contains(std::string_view id) const {
        return waiting_.contains(id) || under_way_.contains(id);
    }

    /// From now on it is under way. One write at a time.
    void begin(const std::string& id) { under_way_.insert(waiting_.extract(id)); }
    /// What was under way is clean, or waits again. Gives the ids that are clean now.
    Ids end(Written written) {
        Ids clean;
        if (written == Written::No) {
            waiting_.merge(under_way_);
        }
        for (const std::string& id : under_way_) {
            if (written == Written::Yes && !waiting_.contains(id)) {
                clean.insert(id);
            }
        }
        under_way_.clear();
        return clean;
    }

private:
    Ids waiting_;
    Ids under_way_;
};

}  // namespace countersign::gate
