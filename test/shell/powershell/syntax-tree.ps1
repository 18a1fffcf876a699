# What stands in scripts, by the real parser: a JSON array of { name, script } in, one of findings out.
param([string]$from)
$found = foreach ($one in ConvertFrom-Json ([IO.File]::ReadAllText($from))) {
  $tokens = $null
  $errors = $null
  $tree = [Management.Automation.Language.Parser]::ParseInput($one.script, [ref]$tokens, [ref]$errors)
  $all = $tree.FindAll({ $true }, $true)
  $commands = foreach ($command in $all | Where-Object { $_ -is [Management.Automation.Language.CommandAst] }) {
    $name = $command.GetCommandName()
    if ($name) {
      @{ name = $name; parameters = @($command.CommandElements | Where-Object { $_ -is [Management.Automation.Language.CommandParameterAst] } | ForEach-Object { $_.ParameterName }) }
    }
  }
  @{
    name = $one.name
    errors = @($errors | ForEach-Object { "$($_.Extent.StartLineNumber): $($_.Message)" })
    functions = @($all | Where-Object { $_ -is [Management.Automation.Language.FunctionDefinitionAst] } | ForEach-Object { $_.Name })
    commands = @($commands)
    types = @($all | Where-Object { $_ -is [Management.Automation.Language.TypeExpressionAst] -or $_ -is [Management.Automation.Language.TypeConstraintAst] } | ForEach-Object { $_.TypeName.FullName } | Sort-Object -Unique)
    nodes = @($all | ForEach-Object { $_.GetType().Name } | Sort-Object -Unique)
    tokens = @($tokens | ForEach-Object { [string]$_.Kind } | Sort-Object -Unique)
    variables = @($all | Where-Object { $_ -is [Management.Automation.Language.VariableExpressionAst] } | ForEach-Object { $_.VariablePath.UserPath } | Sort-Object -Unique)
  }
}
ConvertTo-Json -InputObject @($found) -Depth 6 -Compress
