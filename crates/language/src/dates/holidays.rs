//! Holidays and feasts by name, with the rule that gives their day in any year.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use chrono::Weekday::{Fri, Mon, Sat, Sun, Thu, Wed};
use chrono::{Datelike, NaiveDate, Weekday};

use super::days::add_days;
use super::sky;

/// How to find a holiday's first day in a year.
#[derive(Debug, Clone, Copy)]
enum Rule {
    /// A month and day.
    On(u32, u32),
    /// The n-th weekday of a month, negative from its end, moved by days.
    Nth(i32, Weekday, u32, i64),
    /// The last such weekday before a month and day.
    Before(Weekday, u32, u32),
    /// A month and day; on the working day beside it when that is a weekend.
    Workday(u32, u32),
    /// A month and day; on the day before when that is a Sunday.
    NotSunday(u32, u32),
    /// Days after Easter.
    Easter(i64),
    /// Days after Orthodox Easter.
    Orthodox(i64),
    /// A Hebrew month (from Nisan) and day, moved by days.
    Hebrew(u8, u8, i64),
    /// A Hebrew month and day; the day after when that is a Sabbath.
    NotSabbath(u8, u8),
    /// Purim, moved by days.
    Purim(i64),
    /// An Islamic month and day.
    Islamic(u8, u8),
    /// The last Friday of Ramadan.
    LastRamadanFriday,
    /// A Hindu month (from Chaitra), lunar day, and the hour at which it counts, moved by days.
    Hindu(i32, i32, f64, i64),
    /// The sun's entry into a sign of the zodiac (by its longitude), moved by days.
    Sun(f64, i64),
    /// The moon in a part of the sky, while the sun is in a sign, each by its longitude.
    Star(f64, f64),
    /// Days after the Chinese new year.
    Chinese(i64),
    /// The Zoroastrian new year of the Shahenshahi calendar, which has no leap years.
    Navroz,
}

use Rule::{
    Before, Chinese, Easter, Hebrew, Hindu, Islamic, LastRamadanFriday, Navroz, NotSabbath,
    NotSunday, Nth, On, Orthodox, Purim, Star, Sun as SunEnters, Workday,
};

/// A holiday.
#[derive(Debug)]
pub(super) struct Holiday {
    /// Its names, as [`key`] makes them, separated by `|`.
    names: &'static str,
    rule: Rule,
    days: i64,
}

impl Holiday {
    /// How many days it lasts.
    pub(super) fn days(&self) -> i64 {
        self.days
    }

    /// Its first day in `year`.
    pub(super) fn first_day(&self, year: i32) -> Option<NaiveDate> {
        match self.rule {
            On(month, day) => NaiveDate::from_ymd_opt(year, month, day),
            Nth(n, weekday, month, days) => add_days(nth_weekday(year, month, n, weekday)?, days),
            Before(weekday, month, day) => {
                let mut date = NaiveDate::from_ymd_opt(year, month, day)?.pred_opt()?;
                while date.weekday() != weekday {
                    date = date.pred_opt()?;
                }
                Some(date)
            }
            Workday(month, day) => {
                let date = NaiveDate::from_ymd_opt(year, month, day)?;
                match date.weekday() {
                    Sat => date.pred_opt(),
                    Sun => date.succ_opt(),
                    _ => Some(date),
                }
            }
            NotSunday(month, day) => {
                let date = NaiveDate::from_ymd_opt(year, month, day)?;
                if date.weekday() == Sun {
                    date.pred_opt()
                } else {
                    Some(date)
                }
            }
            Easter(days) => add_days(sky::easter(year)?, days),
            Orthodox(days) => add_days(sky::orthodox_easter(year)?, days),
            Hebrew(month, day, days) => add_days(sky::hebrew(year, month, day)?, days),
            NotSabbath(month, day) => {
                // Its eve comes on a Friday.
                let eve = sky::hebrew(year, month, day)?;
                if eve.weekday() == Fri {
                    eve.succ_opt()
                } else {
                    Some(eve)
                }
            }
            Purim(days) => add_days(sky::hebrew(year, sky::hebrew_last_month(year), 14)?, days),
            Islamic(month, day) => sky::islamic(year, month, day),
            LastRamadanFriday => {
                let mut date = sky::islamic(year, 10, 1)?.pred_opt()?;
                while date.weekday() != Fri {
                    date = date.pred_opt()?;
                }
                Some(date)
            }
            Hindu(month, day, hour, days) => add_days(sky::hindu(year, month, day, hour)?, days),
            SunEnters(longitude, days) => add_days(sky::sun_enters(year, longitude)?, days),
            Star(sun, moon) => sky::moon_in_star(year, sun, moon),
            Chinese(days) => add_days(sky::chinese_new_year(year)?, days),
            Navroz => {
                let known = NaiveDate::from_ymd_opt(2018, 8, 17)?;
                add_days(known, 365 * i64::from(year - 2018))
            }
        }
    }
}

fn nth_weekday(year: i32, month: u32, n: i32, weekday: Weekday) -> Option<NaiveDate> {
    if n > 0 {
        return NaiveDate::from_weekday_of_month_opt(year, month, weekday, u8::try_from(n).ok()?);
    }
    (1..=5)
        .rev()
        .filter_map(|nth| NaiveDate::from_weekday_of_month_opt(year, month, weekday, nth))
        .nth(usize::try_from(-n - 1).ok()?)
}

/// A name without what people write differently: doubled letters, a final "s" or "h" of each word,
/// and "saint".
pub(super) fn key<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut key = String::new();
    for word in words {
        let word = match word {
            "saint" => "st",
            "id" => "eid",
            "and" | "the" | "of" | "jr" => continue,
            _ => word,
        };
        let mut plain = String::with_capacity(word.len());
        for c in word.chars() {
            if !plain.ends_with(c) {
                plain.push(c);
            }
        }
        while plain.len() > 3 && plain.ends_with(['s', 'h']) {
            plain.pop();
        }
        if !key.is_empty() {
            key.push(' ');
        }
        key += &plain;
    }
    key
}

/// The holidays by their names, and the first words of these.
static INDEX: LazyLock<(HashMap<&str, &Holiday>, HashSet<&str>)> = LazyLock::new(|| {
    let names = || {
        HOLIDAYS
            .iter()
            .flat_map(|holiday| holiday.names.split('|').map(move |name| (name, holiday)))
    };
    let first = |name: &'static str| name.split(' ').next().unwrap_or(name);
    (
        names().collect(),
        names().map(|(name, _)| first(name)).collect(),
    )
});

/// The holiday with this [`key`].
pub(super) fn named(key: &str) -> Option<&'static Holiday> {
    // "Christmas day", but not the "flag" of "flag day".
    let plain = || INDEX.0.get(key.strip_suffix(" day")?);
    INDEX.0.get(key).or_else(plain).copied()
}

/// Whether a holiday's name may begin with this word, so that most words need no search.
pub(super) fn may_begin(word: &str) -> bool {
    INDEX.1.contains(key(std::iter::once(word)).as_str())
}

const fn day(names: &'static str, rule: Rule) -> Holiday {
    Holiday {
        names,
        rule,
        days: 1,
    }
}

const fn span(names: &'static str, rule: Rule, days: i64) -> Holiday {
    Holiday { names, rule, days }
}

const SUNRISE: f64 = 6.25;
const MIDDAY: f64 = 12.2;
const SUNSET: f64 = 18.2;
const MIDNIGHT: f64 = 24.2;

// One holiday a line.
#[rustfmt::skip]
static HOLIDAYS: [Holiday; 210] = [
    day("onam|thiru onam|thiruvonam", Star(120.0, 280.0)),
    day("new year day|new year", On(1, 1)),
    day("new year eve|nye|silvester", On(12, 31)),
    day("epiphany|thre king day|twelft night", On(1, 6)),
    day("martin luther king day|mlk day|mlk|civil right day|idaho human right day", Nth(3, Mon, 1, 0)),
    day("australia day", On(1, 26)),
    day("groundhog day|ground hog day|candlema", On(2, 2)),
    day("valentine day|valentine|st valentine day|v day", On(2, 14)),
    day("president day|washington birthday|daisy gatson bate day", Nth(3, Mon, 2, 0)),
    day("st david day", On(3, 1)),
    day("international women day|women day", On(3, 8)),
    day("pi day", On(3, 14)),
    day("ide marc", On(3, 15)),
    day("st patrick day|st pady day|st paty day|st patrick", On(3, 17)),
    day("world water day", On(3, 22)),
    day("lady day", On(3, 25)),
    day("april fol day|april fol|al fol day", On(4, 1)),
    day("world autism awarene day", On(4, 2)),
    day("national walking day", Nth(1, Wed, 4, 0)),
    day("tartan day|national tartan day", On(4, 6)),
    day("sibling day|national sibling day", On(4, 10)),
    day("tax day", Workday(4, 15)),
    day("patriot day", Nth(3, Mon, 4, 0)),
    day("emancipation day", Workday(4, 16)),
    day("eart day", On(4, 22)),
    day("st george day|feast st george", On(4, 23)),
    day("administrative profesional day|secretarie day|admin day", Nth(-1, Wed, 4, 0)),
    day("take our daughter son to work day|take your child to work day", Nth(4, Thu, 4, 0)),
    day("anzac day", On(4, 25)),
    day("arbor day", Nth(-1, Fri, 4, 0)),
    day("king day|koningsdag", NotSunday(4, 27)),
    day("may day|labour day international|international worker day", On(5, 1)),
    day("law day|loyalty day|lei day", On(5, 1)),
    day("national day prayer", Nth(1, Thu, 5, 0)),
    day("star war day", On(5, 4)),
    day("cinco de mayo", On(5, 5)),
    day("kentucky derby", Nth(1, Sat, 5, 0)),
    day("europe day|victory in europe day", On(5, 9)),
    day("ve day", On(5, 8)),
    day("rabindra jayanti|rabindranat jayanti|rabindra day", On(5, 9)),
    day("military spouse day|military spouse apreciation day", Nth(2, Fri, 5, 0)),
    day("mother day", Nth(2, Sun, 5, 0)),
    day("armed force day", Nth(3, Sat, 5, 0)),
    day("victoria day|sovereign birthday", Before(Mon, 5, 25)),
    day("memorial day|decoration day", Nth(-1, Mon, 5, 0)),
    day("world environment day", On(6, 5)),
    day("d day", On(6, 6)),
    day("flag day", On(6, 14)),
    day("father day", Nth(3, Sun, 6, 0)),
    day("junetent|fredom day", On(6, 19)),
    day("midsumer day", On(6, 24)),
    day("canada day", On(7, 1)),
    day("independence day|fourt july|july fourt", On(7, 4)),
    day("bastile day", On(7, 14)),
    day("nelson mandela day|mandela day", On(7, 18)),
    day("parent day|national parent day", Nth(4, Sun, 7, 0)),
    day("friendship day|international friendship day", Nth(1, Sun, 8, 0)),
    day("civic holiday", Nth(1, Mon, 8, 0)),
    day("asumption mary|asumption day|feast asumption|asumption", On(8, 15)),
    day("women equality day", On(8, 26)),
    day("labor day|labour day", Nth(1, Mon, 9, 0)),
    day("grandparent day|national grandparent day", Nth(1, Mon, 9, 6)),
    day("citizenship day|constitution day", On(9, 17)),
    day("talk like a pirate day", On(9, 19)),
    day("michaelma", On(9, 29)),
    day("gandhi jayanti|gandhi birthday", On(10, 2)),
    day("german unity day", On(10, 3)),
    day("columbu day|indigenou people day", Nth(2, Mon, 10, 0)),
    day("canadian thanksgiving|thanksgiving in canada", Nth(2, Mon, 10, 0)),
    day("bose day|bos day|national bos day", Workday(10, 16)),
    day("swetest day", Nth(3, Sat, 10, 0)),
    day("united nation day|un day", On(10, 24)),
    day("halowen|al halow eve", On(10, 31)),
    day("al saint day|al halow|al saint", On(11, 1)),
    day("world vegan day", On(11, 1)),
    day("al soul day|al soul", On(11, 2)),
    day("guy fawke day|guy fawke night|bonfire night", On(11, 5)),
    day("election day|us election day", Nth(1, Mon, 11, 1)),
    day("veteran day|remembrance day|armistice day", On(11, 11)),
    day("remembrance sunday", Nth(2, Sun, 11, 0)),
    day("world kindne day", On(11, 13)),
    day("thanksgiving|turkey day", Nth(4, Thu, 11, 0)),
    day("thank giving", Nth(4, Thu, 11, 0)),
    day("black friday", Nth(4, Thu, 11, 1)),
    day("smal busine saturday", Nth(4, Thu, 11, 2)),
    day("cyber monday", Nth(4, Thu, 11, 4)),
    day("giving tuesday", Nth(4, Thu, 11, 5)),
    day("st andrew day", On(11, 30)),
    day("world aid day", On(12, 1)),
    day("st nichola day|feast st nichola", On(12, 6)),
    day("pearl harbor day", On(12, 7)),
    day("feast imaculate conception|imaculate conception", On(12, 8)),
    day("human right day", On(12, 10)),
    day("christma eve|xma eve", On(12, 24)),
    day("christma|xma|x mas", On(12, 25)),
    day("boxing day|st stephen day|day after christma|kwanza start", On(12, 26)),
    span("kwanza", On(12, 26), 7),
    day("mardi gra|fat tuesday|shrove tuesday|pancake day|pancake tuesday|shrovetide", Easter(-47)),
    day("shrove monday|rosenmontag|rose monday", Easter(-48)),
    day("ash wednesday", Easter(-46)),
    span("lent", Easter(-46), 46),
    day("palm sunday|branc sunday", Easter(-7)),
    span("holy wek", Easter(-7), 7),
    day("maundy thursday|holy thursday|covenant thursday|thursday mysterie|maundy thu|covenant thu|thu mysterie", Easter(-3)),
    day("god friday|great friday|easter friday", Easter(-2)),
    day("holy saturday|easter saturday|easter eve|black saturday|easter sat", Easter(-1)),
    day("easter|easter sunday|easter sun", Easter(0)),
    day("easter monday|easter mon", Easter(1)),
    day("ascension day|ascension thursday|feast ascension|ascension jesu", Easter(39)),
    day("pentecost|whit sunday|white sunday|whitsunday", Easter(49)),
    day("whit monday|pentecost monday|monday holy spirit", Easter(50)),
    day("trinity sunday", Easter(56)),
    day("corpu christi|feast corpu christi", Easter(60)),
    day("orthodox shrove monday|clean monday|orthodox ash monday|gren monday|pure monday|orthodox clean monday", Orthodox(-48)),
    day("lazaru saturday", Orthodox(-8)),
    day("orthodox palm sunday|orthodox branc sunday", Orthodox(-7)),
    day("orthodox god friday|orthodox great friday", Orthodox(-2)),
    day("orthodox holy saturday|orthodox great saturday", Orthodox(-1)),
    day("orthodox easter|orthodox easter sunday|pascha", Orthodox(0)),
    day("orthodox easter monday|orthodox bright monday", Orthodox(1)),
    day("orthodox ascension", Orthodox(39)),
    day("orthodox pentecost|orthodox whit sunday", Orthodox(49)),
    day("orthodox whit monday|orthodox pentecost monday", Orthodox(50)),
    span("orthodox lent|great lent|great fast", Orthodox(-48), 40),
    span("ros hashana|jewi new year|yom terua", Hebrew(7, 1, 0), 3),
    day("yom kipur|day atonement", Hebrew(7, 10, 0)),
    span("sukot|sucot|suco|feast tabernacle|feast bot|suko", Hebrew(7, 15, 0), 9),
    day("hoshana raba", Hebrew(7, 21, 0)),
    day("shemini atzeret|shmini atzeret", Hebrew(7, 22, 0)),
    day("simchat tora|simhat tora|simcha tora", Hebrew(7, 23, 0)),
    span("hanuka|chanuka", Hebrew(9, 25, 0), 8),
    day("tu bishvat|tu bshvat|tu b shevat", Hebrew(11, 15, 0)),
    day("purim", Purim(0)),
    day("shushan purim", Purim(1)),
    span("pasover|pesac|pesa", Hebrew(1, 15, 0), 9),
    day("yom hashoa|holocaust day|holocaust remembrance day", Hebrew(1, 27, 0)),
    day("yom hatzmaut|yom ha atzmaut|israeli independence day", Hebrew(2, 5, -1)),
    day("lag baomer|lag b omer|lag bomer", Hebrew(2, 18, 0)),
    span("shavuot|shavuo|feast wek", Hebrew(3, 6, 0), 3),
    day("tisha bav|tisha b av", NotSabbath(5, 9)),
    day("islamic new year|hijri new year|muslim new year|muharam", Islamic(1, 1)),
    day("day ashura|ashura|yaum ashura", Islamic(1, 10)),
    day("mawlid|mawlid al nabi|prophet birthday|milad un nabi|mawlid al nabawi|eid milad", Islamic(3, 12)),
    day("isra miraj|prophet ascension|night journey|ascension to heaven|miraj", Islamic(7, 27)),
    span("ramadan|ramadhan|ramazan|ramdan|ramzan", Islamic(9, 1), 30),
    day("laylat al qadr|laylat al kadr|night power|laylatul qadr|night destiny|night measure|shab e qadr", Islamic(9, 27)),
    day("jamat ul vida|jumu atul wida|jamat ul wida|jumatul wida", LastRamadanFriday),
    day("eid al fitr|eid ul fitr|festival breaking fast|leser eid|eid fitr", Islamic(10, 1)),
    day("day arafa|arafat day", Islamic(12, 9)),
    day("eid al adha|eid ul adha|sacrifice feast|feast sacrifice|bakr eid|bakrid|festival sacrifice|greater eid|eid ul zuha|bakri eid", Islamic(12, 10)),
    day("guru gobind sing birthday|guru govind sing jayanti|guru gobind sing jayanti|guru govind sing birthday", Hindu(9, 7, SUNRISE, 0)),
    day("vasant panchami|basant panchami|saraswati puja", Hindu(10, 5, 9.0, 0)),
    day("ratha saptami|surya jayanti", Hindu(10, 7, SUNRISE, 0)),
    day("guru ravida jayanti|guru ravida birthday|ravida jayanti", Hindu(10, 15, SUNRISE, 0)),
    day("maha shivaratri|mahashivratri|maha shivratri|shivaratri|shivratri", Hindu(10, 29, MIDNIGHT, 0)),
    day("holika dahan|choti holi|kamudu pyre", Hindu(11, 15, SUNSET, 0)),
    day("holi|dhulandi|dhuli|dhulivandan|dol jatra|rangwali holi|dhulheti", Hindu(11, 15, SUNSET, 1)),
    day("ugadi|yugadi|gudi padwa|samvatsaradi|chaitra sukladi|chaitra sukhladi|gudhi padwa", Hindu(0, 1, SUNRISE, 0)),
    day("rama navami|ram navami|sri rama navami", Hindu(0, 9, MIDDAY, 0)),
    day("mahavir jayanti|mahaver jayanti|mahavir janma kalyanak|mahaver janma kalyanak", Hindu(0, 13, SUNRISE, 0)),
    day("hanuman jayanti", Hindu(0, 15, SUNRISE, 0)),
    day("akshaya tritiya|akha tej", Hindu(1, 3, SUNRISE, 0)),
    day("vesak|vesakha|budha day|budha purnima|budha jayanti|vaisakha|wesak|budha birthday|waisak", Hindu(1, 15, SUNSET, 0)),
    day("rat yatra|ratha yatra|rathayatra|car festival", Hindu(3, 2, SUNRISE, 0)),
    day("guru purnima", Hindu(3, 15, SUNRISE, 0)),
    day("raksha bandhan|rakhi|rakhi purnima|rakshabandhan", Hindu(4, 15, MIDDAY, 0)),
    day("krishna janmashtami|janmashtami|gokulashtami|sri krishna jayanti|krishnashtami|srekrishna jayanti", Hindu(4, 23, MIDNIGHT, 0)),
    day("gane chaturthi|vinayaka chaturthi|ganesha chaturthi|vinayaka chavithi", Hindu(5, 4, MIDDAY, 0)),
    span("navaratri|navratri|durga puja", Hindu(6, 1, SUNRISE, 0), 9),
    day("maha saptami", Hindu(6, 7, SUNRISE, 0)),
    day("durga ashtami|maha ashtami", Hindu(6, 8, SUNRISE, 0)),
    day("maha navami|mahanavami", Hindu(6, 9, SUNRISE, 0)),
    day("dusehra|vijayadashami|dasara|dashain|dasera|vijaya dashami|dusera|dushera", Hindu(6, 10, 15.6, 0)),
    day("valmiki jayanti|maharishi valmiki jayanti|pargat diwa|sharad purnima", Hindu(6, 15, SUNRISE, 0)),
    day("karva chaut|karwa chaut|karaka chaturthi", Hindu(6, 19, 20.0, 0)),
    day("dhantera|dhanatrayodashi|dhantrayodashi", Hindu(6, 30, SUNSET, -2)),
    day("naraka chaturdashi|kali chauda|choti diwali|narak chaturdashi|rop chaturdashi|rop chauda|kali chaturdashi", Hindu(6, 30, SUNSET, -1)),
    day("diwali|depavali|lakshmi puja|divali|laxmi puja|dipavali|bandi chor diva|kali puja", Hindu(6, 30, SUNSET, 0)),
    day("govardhan puja|anakut|padwa|vikram samvat", Hindu(6, 30, SUNSET, 1)),
    day("bhai doj|bhai duj|bhaiya doj|bhau bej|bhai tika|bhai phota", Hindu(6, 30, SUNSET, 2)),
    day("chat|chat puja|dala puja|surya shashthi|dala chat", Hindu(6, 30, SUNSET, 6)),
    day("guru nanak jayanti|guru nanak gurpurab|gurpurab|kartik purnima|guru nanak birthday", Hindu(7, 15, SUNRISE, 0)),
    day("lohri|bhogi|bhogi pongal", SunEnters(270.0, -1)),
    day("pongal|thai pongal|makar sankranti|makara sankranti|maghi|sankranti|utarayan", SunEnters(270.0, 0)),
    day("matu pongal", SunEnters(270.0, 1)),
    day("kanum pongal", SunEnters(270.0, 2)),
    day("vaisakhi|baisakhi|vasakhi|vaishakhi|mesadi|baishakhi|vishu|tamil new year|puthandu|bihu", SunEnters(0.0, 0)),
    day("parsi new year|jamshedi navroz|jamshedi navroze", Navroz),
    day("nowruz|persian new year|navruz", On(3, 20)),
    day("chinese new year|lunar new year|chinese lunar new year|spring festival", Chinese(0)),
    day("lantern festival", Chinese(14)),
    day("single day|guangun jie", On(11, 11)),
    day("world wildlife day", On(3, 3)),
    day("world healt day", On(4, 7)),
    day("world blod donor day", On(6, 14)),
    day("world fod day", On(10, 16)),
    day("world mental healt day", On(10, 10)),
    day("world teacher day", On(10, 5)),
    day("international men day|men day", On(11, 19)),
    day("universal children day|world children day|children day", On(11, 20)),
    day("international day peace|peace day", On(9, 21)),
    day("world tourism day", On(9, 27)),
    day("st swithin day", On(7, 15)),
    day("burn night|robert burn night", On(1, 25)),
    day("republic day", On(1, 26)),
    day("st nichola eve|sinterkla", On(12, 5)),
    day("st lucia day|st lucy day", On(12, 13)),
    day("festivu", On(12, 23)),
    day("thirukural|boganyedi", SunEnters(270.0, -1)),
    span("global yout service day", Nth(3, Fri, 4, 7), 3),
];
