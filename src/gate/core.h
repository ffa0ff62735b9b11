// What every desk of the gate works with. References only: whoever builds the gate owns the things
// and keeps them alive. One thread.
#pragma once

#include <string>

#include "audit/files.h"
#include "base/random.h"
#include "base/time.h"
#include "gate/alerts.h"
#include "gate/events.h"
#include "gate/machine.h"
#include "gate/metrics.h"
#include "gate/opening.h"
#include "gate/recorder.h"
#include "gate/redaction.h"
#include "store/store.h"

namespace countersign::gate {

struct Core {
    store::Store& store;
    audit::Files& files;
    Clock& clock;
    Random& random;
    Machine& machine;
    Recorder recorder;
    Events events;
    Metrics metrics;
    std::string state_directory;  ///< incidents/ is made in it
    std::string host;
    Openings openings;
    Alerts alerts;
    Redactor redactor;
};

}  // namespace countersign::gate
