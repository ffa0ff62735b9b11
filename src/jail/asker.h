// What the jail needs of the gateway, so that its tests can stand a hostile one in its place.
//
// One Asker belongs to one thread. An error means: nothing was released.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "client/client.h"
#include "model/action.h"

namespace countersign::jail {

class Asker {
public:
    virtual ~Asker() = default;
    /// Asks and returns; its error: nothing was asked. complete() waits for what was asked last.
    virtual Result<void> begin(const model::ActionRequest& request) = 0;
    virtual Result<client::ActionAnswer> complete() = 0;
    virtual Result<client::ActionAnswer> await(std::string_view action, Duration wait) = 0;
    /// Something was refused that could not be asked about. For the person's log only.
    virtual void note_refusal(std::string_view reason) = 0;
    virtual Result<void> report(std::span<const model::OutcomeReport> reports) = 0;
};

/// Makes one Asker per worker thread; called from several threads.
using AskerFactory = std::function<std::unique_ptr<Asker>()>;

}  // namespace countersign::jail
