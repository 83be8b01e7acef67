import vue from 'eslint-plugin-vue'
import tseslint from 'typescript-eslint'

/** `npm run lint`: what the type checker does not see. */
export default tseslint.config(
  { ignores: ['out/**', 'test/output/**', 'test/probes/{labs,more}/**', 'resources/**', '**/*.mjs'] },
  ...tseslint.configs.recommended,
  ...vue.configs['flat/essential'],
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
  },
  {
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines': ['error', { max: 500 }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'no-console': 'off',
      'prefer-const': 'error',
      // What a driver sees is spelled as in C, down to type parameters that only name a type.
      '@typescript-eslint/no-unsafe-function-type': 'off',
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
      'vue/multi-word-component-names': 'off',
      '@typescript-eslint/triple-slash-reference': 'off',
    },
  },
  { files: ['test/**'], rules: { 'max-lines-per-function': 'off' } },
  {
    // A setup function is the body of a store or composable, as a class is; a list of commands is a
    // table. What must be short are the functions in them.
    files: [
      'src-renderer/**/stores/*.ts',
      'src-renderer/**/{store,layout,use-*,*commands}.ts',
      'src-main/cli/cli.ts',
    ],
    rules: { 'max-lines-per-function': ['error', { max: 210, skipBlankLines: true, skipComments: true }] },
  },
)
