// One line per decided action, as `run` and `watch` print it:
//
//   05:52:11 allow    T0   4  policy          git status
//   05:52:14 held     T3  86  2 approvals     git push --force origin main
//
// What starts inside a released action without a question of its own - covered by its grant, or the
// programs that a shown shell text names - is noise while all goes well (a build starts hundreds);
// it is counted and told in one line before the next real one. Not thread safe.
#pragma once

#include <cstddef>
#include <map>
#include <set>
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
    [[nodiscard]] bool inside_told(const model::ActionRequest& request,
                                   const client::ActionAnswer& answer) const;
    void remember_told(const model::ActionRequest& request, const client::ActionAnswer& answer);
    void count_covered(const model::ActionRequest& request);

    const Look look_;
    const Detail detail_;
    std::map<std::string, std::size_t> covered_;  ///< program name -> starts
    std::size_t covered_total_ = 0;
    std::set<std::string> told_;  ///< ids of shown shell texts and of what started inside them
};

}  // namespace countersign::cli
