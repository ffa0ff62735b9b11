// What happened, for whoever watches (server-sent events): collected while the gate works, taken by
// the API after each step. Nothing is kept when nobody watches; past the bound the oldest go, since
// a slow watcher must not make the gateway grow. Not thread safe.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace countersign::gate {

struct Event {
    std::string type;  ///< action, session, incident, freeze, alert
    std::string data;  ///< one line of JSON
};

class Events {
public:
    static constexpr std::size_t kEventsMax = 1024;

    void watch(bool watched) { watched_ = watched; }
    [[nodiscard]] bool watched() const { return watched_; }
    void add(Event event) {
        if (!watched_) {
            return;
        }
        if (events_.size() >= kEventsMax) {
            events_.pop_front();
        }
        events_.push_back(std::move(event));
    }
    [[nodiscard]] std::vector<Event> take() {
        std::vector<Event> out(std::make_move_iterator(events_.begin()),
                               std::make_move_iterator(events_.end()));
        events_.clear();
        return out;
    }

private:
    bool watched_ = false;
    std::deque<Event> events_;
};

}  // namespace countersign::gate
