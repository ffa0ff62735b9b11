// One line per decided action, as `run` and `watch` print it:
//
//   05:52:11 allow    T0   4  policy          git status
//   05:52:14 held     T3  86  2 approvals     git push --force origin main
//
// Program starts that a grant covers are noise while all goes well (a build starts hundreds); they
// are counted and told in one line before the next real one. Not thread safe.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/time.h"
#include "cli/world.h"
#include "client/client.h"
#include "model/action.h"

namespace countersign::cli {

enum class Detail {
    Quiet,   ///< held and refused actions only
    Normal,  ///< every decision; covered starts as a count
    Verbose  ///< everything one by one
};

class DecisionLines {
public:
    DecisionLines(const Look& look, Detail detail) : look_(look), detail_(detail) {}

    /// "T0 read_only  T1 ..." and the column names; printed once at the start.
    [[nodiscard]] std::string legend() const;
    /// Text to print, possibly several lines or none.
    std::string held(const model::ActionRequest& request, const client::ActionAnswer& answer,
                     Instant now);
    std::string decided(const model::ActionRequest& request, const client::ActionAnswer& answer,
                        Instant now);
    /// The count of covered starts that has not been told yet.
    std::string flush();

private:
    std::string line(std::string_view word, std::string_view by,
                     const model::ActionRequest& request, const client::ActionAnswer& answer,
                     Instant now) const;
    void count_covered(const model::ActionRequest& request);

    const Look look_;
    const Detail detail_;
    std::map<std::string, std::size_t> covered_;  ///< program name -> starts
    std::size_t covered_total_ = 0;
};

}  // namespace countersign::cli
