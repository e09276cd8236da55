//! Values of the guest as PostgreSQL's, and the other way round: each type as Spin has it.

use bytes::BytesMut;
use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _, Utc};
use tokio_postgres::Row;
use tokio_postgres::types::{Format, FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::bindings::postgres::{
    Column, DbDataType, DbValue, Error, Interval, ParameterValue, RangeBoundKind,
};

/// A parameter of a statement.
pub(super) type Parameter = Box<dyn ToSql + Send + Sync>;

type BoxError = Box<dyn std::error::Error + Sync + Send>;

/// A value in the form in which SQL writes it, which the server reads as whatever its place wants.
#[derive(Debug)]
struct Written(String);

impl ToSql for Written {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

/// NULL of any type.
#[derive(Debug)]
struct Null;

impl ToSql for Null {
    fn to_sql(&self, _: &Type, _: &mut BytesMut) -> Result<IsNull, BoxError> {
        Ok(IsNull::Yes)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

pub(super) fn parameters(values: Vec<ParameterValue>) -> Result<Vec<Parameter>, Error> {
    values.into_iter().map(parameter).collect()
}

fn parameter(value: ParameterValue) -> Result<Parameter, Error> {
    let bad = |what: &str| Error::ValueConversionFailed(format!("invalid {what}"));
    let date = |(year, month, day): (i32, u8, u8)| {
        NaiveDate::from_ymd_opt(year, month.into(), day.into()).ok_or_else(|| bad("date"))
    };
    let time = |(hour, minute, second, nanosecond): (u8, u8, u8, u32)| {
        NaiveTime::from_hms_nano_opt(hour.into(), minute.into(), second.into(), nanosecond)
            .ok_or_else(|| bad("time"))
    };
    Ok(match value {
        ParameterValue::DbNull => Box::new(Null),
        ParameterValue::Boolean(value) => Box::new(value),
        ParameterValue::Int8(value) => Box::new(value),
        ParameterValue::Int16(value) => Box::new(value),
        ParameterValue::Int32(value) => Box::new(value),
        ParameterValue::Int64(value) => Box::new(value),
        ParameterValue::Floating32(value) => Box::new(value),
        ParameterValue::Floating64(value) => Box::new(value),
        ParameterValue::Str(value) => Box::new(value),
        ParameterValue::Binary(value) => Box::new(value),
        ParameterValue::Date(value) => Box::new(date(value)?),
        ParameterValue::Time(value) => Box::new(time(value)?),
        ParameterValue::Datetime((year, month, day, hour, minute, second, nanosecond)) => {
            let time = time((hour, minute, second, nanosecond))?;
            Box::new(NaiveDateTime::new(date((year, month, day))?, time))
        }
        ParameterValue::Timestamp(seconds) => {
            Box::new(DateTime::<Utc>::from_timestamp(seconds, 0).ok_or_else(|| bad("timestamp"))?)
        }
        ParameterValue::Uuid(value) => {
            Box::new(value.parse::<uuid::Uuid>().map_err(|_| bad("UUID"))?)
        }
        ParameterValue::Jsonb(value) => {
            Box::new(serde_json::from_slice::<serde_json::Value>(&value).map_err(|_| bad("JSON"))?)
        }
        ParameterValue::Decimal(value) => Box::new(Written(value)),
        ParameterValue::RangeInt32((lower, upper)) => range(lower, upper),
        ParameterValue::RangeInt64((lower, upper)) => range(lower, upper),
        ParameterValue::RangeDecimal((lower, upper)) => range(lower, upper),
        ParameterValue::ArrayInt32(values) => Box::new(values),
        ParameterValue::ArrayInt64(values) => Box::new(values),
        ParameterValue::ArrayStr(values) => Box::new(values),
        ParameterValue::ArrayDecimal(values) => {
            let values = values
                .into_iter()
                .map(|value| value.unwrap_or("NULL".into()));
            let written: Vec<String> = values.collect();
            Box::new(Written(format!("{{{}}}", written.join(","))))
        }
        ParameterValue::Interval(Interval {
            micros,
            days,
            months,
        }) => Box::new(Written(format!(
            "{months} months {days} days {micros} microseconds"
        ))),
    })
}

fn range<T: ToString>(
    lower: Option<(T, RangeBoundKind)>,
    upper: Option<(T, RangeBoundKind)>,
) -> Parameter {
    let bound = |bound: Option<(T, RangeBoundKind)>| match bound {
        Some((value, kind)) => (value.to_string(), matches!(kind, RangeBoundKind::Inclusive)),
        None => (String::new(), false),
    };
    let ((lower, includes_lower), (upper, includes_upper)) = (bound(lower), bound(upper));
    let open = if includes_lower { '[' } else { '(' };
    let close = if includes_upper { ']' } else { ')' };
    Box::new(Written(format!("{open}{lower},{upper}{close}")))
}

pub(super) fn column(column: &tokio_postgres::Column) -> Column {
    Column {
        name: column.name().to_owned(),
        data_type: match *column.type_() {
            Type::BOOL => DbDataType::Boolean,
            Type::BYTEA => DbDataType::Binary,
            Type::FLOAT4 => DbDataType::Floating32,
            Type::FLOAT8 => DbDataType::Floating64,
            Type::INT2 => DbDataType::Int16,
            Type::INT4 => DbDataType::Int32,
            Type::INT8 => DbDataType::Int64,
            Type::TEXT | Type::VARCHAR | Type::BPCHAR => DbDataType::Str,
            Type::TIMESTAMP | Type::TIMESTAMPTZ => DbDataType::Datetime,
            Type::DATE => DbDataType::Date,
            Type::TIME => DbDataType::Time,
            Type::UUID => DbDataType::Uuid,
            Type::JSONB => DbDataType::Jsonb,
            Type::NUMERIC => DbDataType::Decimal,
            Type::INT4_ARRAY => DbDataType::ArrayInt32,
            Type::INT8_ARRAY => DbDataType::ArrayInt64,
            Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => DbDataType::ArrayStr,
            Type::INTERVAL => DbDataType::Interval,
            ref other => DbDataType::Other(other.name().to_owned()),
        },
    }
}

/// The bytes of a value of any type.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, BoxError> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

pub(super) fn value(row: &Row, at: usize) -> Result<DbValue, BoxError> {
    let ty = row.columns()[at].type_();
    let Some(Raw(raw)) = row.try_get::<_, Option<Raw<'_>>>(at)? else {
        return Ok(DbValue::DbNull);
    };
    Ok(match *ty {
        Type::BOOL => DbValue::Boolean(bool::from_sql(ty, raw)?),
        Type::BYTEA => DbValue::Binary(raw.to_vec()),
        Type::FLOAT4 => DbValue::Floating32(f32::from_sql(ty, raw)?),
        Type::FLOAT8 => DbValue::Floating64(f64::from_sql(ty, raw)?),
        Type::INT2 => DbValue::Int16(i16::from_sql(ty, raw)?),
        Type::INT4 => DbValue::Int32(i32::from_sql(ty, raw)?),
        Type::INT8 => DbValue::Int64(i64::from_sql(ty, raw)?),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => DbValue::Str(String::from_sql(ty, raw)?),
        Type::TIMESTAMP => datetime(NaiveDateTime::from_sql(ty, raw)?)?,
        Type::TIMESTAMPTZ => datetime(DateTime::<Utc>::from_sql(ty, raw)?.naive_utc())?,
        Type::DATE => {
            let date = NaiveDate::from_sql(ty, raw)?;
            DbValue::Date((
                date.year(),
                date.month().try_into()?,
                date.day().try_into()?,
            ))
        }
        Type::TIME => {
            let time = NaiveTime::from_sql(ty, raw)?;
            DbValue::Time((
                time.hour().try_into()?,
                time.minute().try_into()?,
                time.second().try_into()?,
                time.nanosecond(),
            ))
        }
        Type::UUID => DbValue::Uuid(uuid::Uuid::from_sql(ty, raw)?.to_string()),
        Type::JSONB => {
            let json = serde_json::Value::from_sql(ty, raw)?;
            DbValue::Jsonb(serde_json::to_vec(&json)?)
        }
        Type::NUMERIC => DbValue::Decimal(decimal(raw).ok_or("a numeric of an unknown form")?),
        Type::INT4_ARRAY => DbValue::ArrayInt32(FromSql::from_sql(ty, raw)?),
        Type::INT8_ARRAY => DbValue::ArrayInt64(FromSql::from_sql(ty, raw)?),
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => {
            DbValue::ArrayStr(FromSql::from_sql(ty, raw)?)
        }
        Type::INTERVAL => interval(raw).ok_or("an interval of an unknown form")?,
        _ => DbValue::Unsupported(raw.to_vec()),
    })
}

fn datetime(at: NaiveDateTime) -> Result<DbValue, BoxError> {
    Ok(DbValue::Datetime((
        at.year(),
        at.month().try_into()?,
        at.day().try_into()?,
        at.hour().try_into()?,
        at.minute().try_into()?,
        at.second().try_into()?,
        at.nanosecond(),
    )))
}

fn interval(raw: &[u8]) -> Option<DbValue> {
    let (micros, rest) = raw.split_first_chunk::<8>()?;
    let (days, months) = rest.split_first_chunk::<4>()?;
    Some(DbValue::Interval(Interval {
        micros: i64::from_be_bytes(*micros),
        days: i32::from_be_bytes(*days),
        months: i32::from_be_bytes(months.try_into().ok()?),
    }))
}

/// A numeric: how many digits to the base 10,000, the exponent of the first, sign, decimal places, digits.
fn decimal(raw: &[u8]) -> Option<String> {
    const NEGATIVE: i16 = 0x4000;
    let words: Vec<i16> = raw
        .chunks_exact(2)
        .map(|word| i16::from_be_bytes([word[0], word[1]]))
        .collect();
    let [count, weight, sign, places, digits @ ..] = &words[..] else {
        return None;
    };
    let (weight, places) = (i32::from(*weight), usize::try_from(*places).ok()?);
    if digits.len() != usize::try_from(*count).ok()? || (*sign != 0 && *sign != NEGATIVE) {
        return None;
    }
    let digit = |exponent: i32| {
        let at = usize::try_from(weight - exponent).ok();
        at.and_then(|at| digits.get(at)).copied().unwrap_or(0)
    };
    let mut text = String::from(if *sign == NEGATIVE { "-" } else { "" });
    text.push_str(&digit(weight.max(0)).to_string());
    for exponent in (0..weight.max(0)).rev() {
        text.push_str(&format!("{:04}", digit(exponent)));
    }
    if places > 0 {
        let groups = places.div_ceil(4) as i32;
        let fraction: String = (1..=groups)
            .map(|at| format!("{:04}", digit(-at)))
            .collect();
        text.push('.');
        text.push_str(&fraction[..places]);
    }
    Some(text)
}
