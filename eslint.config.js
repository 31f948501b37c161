import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['node_modules/', 'build/', '.cache/', '.data/', 'public/build/', 'extensions/*/dist/'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    plugins: { 'react-hooks': reactHooks },
    rules: {
      ...reactHooks.configs.recommended.rules,
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-restricted-properties': [
        'error',
        { property: '$queryRawUnsafe', message: 'Raw SQL takes parameters: use $queryRaw or the pool with $1.' },
        { property: '$executeRawUnsafe', message: 'Raw SQL takes parameters: use $executeRaw or the pool with $1.' },
      ],
      'no-console': 'error',
      eqeqeq: ['error', 'smart'],
    },
  },
  { files: ['sandbox/**', 'scripts/**', 'demo/**', 'bench/**', 'tests/**', 'processes/**'], rules: { 'no-console': 'off' } },
);
