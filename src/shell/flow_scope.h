// Resolver::FlowScope and InputScope: what holds for a region is taken back at its end.
#pragma once

#include "shell/resolver.h"

namespace countersign::shell {

class Resolver::FlowScope {
public:
    explicit FlowScope(Resolver& resolver) : resolver_(resolver), outer_(resolver.flow_) {}
    ~FlowScope() { resolver_.flow_ = outer_; }
    FlowScope(const FlowScope&) = delete;
    FlowScope& operator=(const FlowScope&) = delete;

private:
    Resolver& resolver_;
    Flow outer_;
};

/// A region with a standard input of its own: bash puts back at its end what was open before, so
/// that an exec within lasts no longer. Stands inside of a FlowScope.
class Resolver::InputScope {
public:
    InputScope(Resolver& resolver, const model::InputSource& input)
        : resolver_(resolver), outer_(resolver.state_.core().moved_input), input_(input) {
        resolver_.flow_.input = &input_;
        move(nullptr);
    }
    ~InputScope() { move(outer_); }
    InputScope(const InputScope&) = delete;
    InputScope& operator=(const InputScope&) = delete;

private:
    void move(const model::InputSource* input) {
        if (resolver_.state_.core().moved_input != input) {
            Core core = resolver_.state_.core();
            core.moved_input = input;
            resolver_.state_.set_core(core);
        }
    }

    Resolver& resolver_;
    const model::InputSource* outer_;
    model::InputSource input_;
};

}  // namespace countersign::shell
