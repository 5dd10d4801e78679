CREATE FUNCTION {name}({parameters}) RETURNS {result}
LANGUAGE plproxy
AS $$
  CLUSTER 'holdfast';
  {place};
  TARGET {name};
$$;
