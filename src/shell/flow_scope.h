// Resolver::FlowScope: what holds for a region is taken back at its end.
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

}  // namespace countersign::shell
