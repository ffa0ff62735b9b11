// The gateway's counters in Prometheus' text format 0.0.4. Written by hand: a handful of families,
// against a client library with its own registry, threads and HTTP server.
#pragma once

#include <string>

#include "gate/gate.h"

namespace countersign::api {

std::string metrics_text(const gate::Metrics& metrics, const gate::Status& status);

}  // namespace countersign::api
