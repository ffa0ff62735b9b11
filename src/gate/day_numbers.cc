#include "gate/day_numbers.h"

#include <array>
#include <boost/json.hpp>

#include "text/json.h"

namespace countersign::gate {
namespace {

namespace json = boost::json;

struct Counter {
    std::string_view name;
    std::int64_t DayNumbers::* member;
};

constexpr std::array kCounters = {
    Counter{"actions", &DayNumbers::actions}, Counter{"auto_approved", &DayNumbers::auto_approved},
    Counter{"held", &DayNumbers::held},       Counter{"denied", &DayNumbers::denied},
    Counter{"covered", &DayNumbers::covered}, Counter{"released", &DayNumbers::released},
    Counter{"refused", &DayNumbers::refused}, Counter{"expired", &DayNumbers::expired},
    Counter{"alerts", &DayNumbers::alerts}};

Result<PersonNumbers> person_from(const json::value& value) {
    PersonNumbers person;
    text::ObjectReader in(value, "person");
    person.approved = in.integer("approved", 0, INT64_MAX);
    person.denied = in.integer("denied", 0, INT64_MAX);
    const json::value* times = in.member("times_ms");
    TRY(in.finish());
    if (!times->is_array() || times->get_array().size() > kTimesKeptMax) {
        return Error(ErrorCode::Malformed, "person: times_ms is not a short list");
    }
    for (const json::value& time : times->get_array()) {
        if (!time.is_int64()) {
            return Error(ErrorCode::Malformed, "person: a time is not a number");
        }
        person.times_ms.push_back(time.get_int64());
    }
    return person;
}

}  // namespace

json::value to_json(const DayNumbers& numbers) {
    json::object out;
    for (const Counter& counter : kCounters) {
        out[counter.name] = numbers.*counter.member;
    }
    json::object people;
    for (const auto& [name, person] : numbers.people) {
        json::array times(person.times_ms.begin(), person.times_ms.end());
        people[name] = json::object{{"approved", person.approved},
                                    {"denied", person.denied},
                                    {"times_ms", std::move(times)}};
    }
    out["people"] = std::move(people);
    return out;
}

Result<DayNumbers> day_numbers_from(const json::value& value) {
    DayNumbers numbers;
    text::ObjectReader in(value, "day");
    for (const Counter& counter : kCounters) {
        numbers.*counter.member = in.integer_or(counter.name, 0, INT64_MAX, 0);
    }
    const json::value* people = in.member("people");
    TRY(in.finish());
    if (!people->is_object()) {
        return Error(ErrorCode::Malformed, "day: people is not an object");
    }
    for (const auto& member : people->get_object()) {
        PersonNumbers person = TRY(person_from(member.value()));
        numbers.people.emplace(std::string(member.key()), std::move(person));
    }
    return numbers;
}

}  // namespace countersign::gate
