//! `Utility`.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyTuple};
use reward_collapse::problem::{Field, Support};
use reward_collapse::utility::{Derivative, Expression, Operation, SharedUtility, parse};

use crate::arrays;
use crate::errors::{Raise, input};

/// An increasing concave function of a difference of rewards, from an expression in ``x``.
///
/// Known families are recognised however they are written, and carry their closed forms; any other expression is differentiated
/// symbolically and checked on (0, 1].
///
/// Parameters
/// ----------
/// text : str
///     Such as ``"log(x)"``, ``"-1/x"``, ``"logsigmoid(4x)"``, ``"log(x+0.1)"`` or ``"x-0.25x^2"``.
///
/// Raises
/// ------
/// InputError
///     For an expression that cannot be read, or that is not increasing and concave on (0, 1].
///
/// Examples
/// --------
/// >>> from reward_collapse import Utility
/// >>> utility = Utility("3*sqrt(x) + 1")
/// >>> utility(0.25)
/// 2.5
/// >>> utility.derivative([0.25, 1.0], 1)
/// array([3. , 1.5])
/// >>> utility.closed_form
/// 'Beta(0.25, 0.25)'
#[pyclass(frozen, module = "reward_collapse")]
#[derive(Debug)]
pub struct Utility {
    shared: SharedUtility,
    text: String,
}

impl Utility {
    /// The utility of the library.
    pub fn shared(&self) -> &SharedUtility {
        &self.shared
    }

    fn expression(&self) -> PyResult<Expression> {
        Expression::parse(&self.text).map_err(Raise::raise)
    }
}

#[pymethods]
impl Utility {
    #[new]
    fn new(py: Python<'_>, text: &str) -> PyResult<Self> {
        let shared = py.detach(|| parse(text)).map_err(Raise::raise)?;
        let text = shared.to_string();
        Ok(Self { shared, text })
    }

    /// ``U(x)``, for a number or elementwise for an array of any shape.
    ///
    /// Below 0, where a training pair is in the wrong order, it is the concave continuation: the formula itself for
    /// ``logsigmoid``, the tangent at 0 for every other finite slope, and ``-inf`` where the slope at 0 is infinite.
    fn __call__<'py>(&self, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.derivative(x, 0)
    }

    /// A derivative, for a number or elementwise for an array of any shape.
    ///
    /// Parameters
    /// ----------
    /// x : float or array_like
    ///     Differences of rewards, continued below 0 as the utility is.
    /// order : {0, 1, 2}
    ///     0 is the utility itself.
    ///
    /// Returns
    /// -------
    /// float or ndarray
    ///     Of the shape of ``x``.
    ///
    /// Examples
    /// --------
    /// >>> from reward_collapse import Utility
    /// >>> Utility("log(x)").derivative([[1.0, 2.0], [4.0, 5.0]], 1)
    /// array([[1.  , 0.5 ],
    ///        [0.25, 0.2 ]])
    #[pyo3(signature = (x, order=1))]
    fn derivative<'py>(&self, x: &Bound<'py, PyAny>, order: u32) -> PyResult<Bound<'py, PyAny>> {
        let derivative = match order {
            0 => Derivative::Value,
            1 => Derivative::Slope,
            2 => Derivative::Curvature,
            _ => return Err(input(format_args!("a utility has derivatives of order 0, 1 and 2, not {order}"))),
        };
        arrays::map(x, |points| {
            if points.iter().all(|x| *x > 0.0) {
                return self.shared.map(derivative, points);
            }
            for x in points {
                let jet = self.shared.extended(*x);
                *x = match derivative {
                    _ if x.is_nan() => f64::NAN,
                    Derivative::Value => jet.value,
                    Derivative::Slope => jet.slope,
                    Derivative::Curvature => jet.curvature,
                };
            }
        })
    }

    /// The expression, as it is read back.
    #[getter]
    fn text(&self) -> &str {
        &self.text
    }

    /// ``U'(0+)``, which may be infinite.
    #[getter]
    fn slope_at_zero(&self) -> f64 {
        self.shared.slope_at_zero()
    }

    /// The limit law where a theorem gives it, such as ``"Beta(0.5, 0.5)"``.
    #[getter]
    fn closed_form(&self) -> Option<String> {
        self.shared.closed_form().map(|form| form.to_string())
    }

    /// How it is known that the utility is concave: ``"proved"`` or ``"sampled"``.
    #[getter]
    fn concavity(&self) -> String {
        self.shared.concavity().to_string()
    }

    /// The formula for ``x > 0`` as nested tuples: ``("x",)``, ``("const", c)``, ``("+", a, b)``, ``("-", a, b)``, ``("*", a, b)``,
    /// ``("/", a, b)``, ``("neg", a)``, ``("pow", a, p)`` with a number ``p``, and ``(function, a)``.
    ///
    /// Functions are exp, expm1, log, log1p, log2, log10, sqrt, cbrt, sin, cos, tan, atan, sinh, cosh, tanh, asinh, sigmoid,
    /// logsigmoid, softplus, erf and ndtr, the distribution function of the normal law.
    #[getter(_tree)]
    fn tree(&self, py: Python<'_>) -> PyResult<Py<PyTuple>> {
        let expression = self.expression()?;
        expression.fold(&mut |operation: Operation<PyResult<Py<PyTuple>>>| node(py, operation))
    }

    /// How the formula goes on for ``x < 0``: ``("formula",)`` by itself, ``("tangent", U(0), U'(0))``, or ``("infinite",)`` where the slope at 0 is
    /// infinite and ``U`` is ``-inf`` below 0.
    #[getter(_continuation)]
    fn continuation<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let slope = self.shared.slope_at_zero();
        if !slope.is_finite() {
            ("infinite",).into_pyobject(py)
        } else if self.shared.extends_by_formula() {
            ("formula",).into_pyobject(py)
        } else {
            ("tangent", self.shared.value(0.0), slope).into_pyobject(py)
        }
    }

    /// ``(radius, coefficients)`` of the power series that stands in for the formula on ``[0, radius)``, or None where the formula is not 0/0 at 0.
    #[getter(_series)]
    fn series(&self) -> PyResult<Option<(f64, Vec<f64>)>> {
        let expression = self.expression()?;
        Ok(expression.series_at_zero().map(|(radius, coefficients)| (radius, coefficients.to_vec())))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Utility({})", self.text.as_str().into_pyobject(py)?.repr()?))
    }

    fn __str__(&self) -> &str {
        &self.text
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.text == other.text
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.text.hash(&mut hasher);
        hasher.finish()
    }

    fn __getnewargs__(&self) -> (&str,) {
        (&self.text,)
    }
}

/// The formula of a field as `Utility._tree` has it, after the checks of a field on that support.
#[pyfunction]
pub fn field_tree(py: Python<'_>, field: &str, support: (f64, f64)) -> PyResult<Py<PyTuple>> {
    let support = Support::new(support.0, support.1).map_err(Raise::raise)?;
    Field::parse(field, support).map_err(Raise::raise)?;
    let expression = Expression::parse(field).map_err(Raise::raise)?;
    expression.fold(&mut |operation: Operation<PyResult<Py<PyTuple>>>| node(py, operation))
}

fn node(py: Python<'_>, operation: Operation<PyResult<Py<PyTuple>>>) -> PyResult<Py<PyTuple>> {
    let two = |name: &str, a: PyResult<Py<PyTuple>>, b: PyResult<Py<PyTuple>>| (name, a?, b?).into_pyobject(py);
    let tuple = match operation {
        Operation::Number(value) => ("const", PyFloat::new(py, value)).into_pyobject(py),
        Operation::Variable => ("x",).into_pyobject(py),
        Operation::Add(a, b) => two("+", a, b),
        Operation::Sub(a, b) => two("-", a, b),
        Operation::Mul(a, b) => two("*", a, b),
        Operation::Div(a, b) => two("/", a, b),
        Operation::Neg(a) => ("neg", a?).into_pyobject(py),
        Operation::Power(a, p) => ("pow", a?, p).into_pyobject(py),
        Operation::Call(name, a) => (name, a?).into_pyobject(py),
        _ => return Err(input("an operation that this package does not know")),
    };
    Ok(tuple?.unbind())
}
